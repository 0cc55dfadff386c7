/** Llama 2 (Touvron et al. 2023, and its reference code): the system message stands within the first question. */
export const LLAMA_2 = String.raw`
{%- set ns = namespace(system='') %}
{%- for message in messages %}
  {%- if message.role == 'system' and loop.first %}
    {%- set ns.system = '<<SYS>>\n' ~ message.content ~ '\n<</SYS>>\n\n' %}
  {%- elif message.role == 'user' %}
    {{- bos_token ~ '[INST] ' ~ ns.system ~ message.content ~ ' [/INST]' }}
    {%- set ns.system = '' %}
  {%- elif message.role == 'assistant' %}
    {%- generation %}{{- ' ' ~ message.content ~ ' ' ~ eos_token }}{% endgeneration %}
  {%- else %}
    {{- raise_exception('Llama 2 knows the roles system (first), user and assistant, not ' ~ message.role) }}
  {%- endif %}
{%- endfor %}`.trim();

/** Llama 3 (its model card): a header for each turn, which ends with <|eot_id|>. */
export const LLAMA_3 = String.raw`
{{- bos_token }}
{%- for message in messages %}
  {{- '<|start_header_id|>' ~ message.role ~ '<|end_header_id|>\n\n' }}
  {%- if message.role == 'assistant' %}
    {%- generation %}{{- message.content | trim ~ '<|eot_id|>' }}{% endgeneration %}
  {%- else %}{{- message.content | trim ~ '<|eot_id|>' }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}`.trim();

/**
 * Llama 3.1 (its model card and "Tool calling with Llama"): as Llama 3, with a system message always that gives dates,
 * and functions as JSON in the first question. Variable: date_string.
 */
export const LLAMA_3_1 = String.raw`
{%- set date = date_string if date_string is defined else '26 Jul 2024' %}
{%- set ns = namespace(system='', question=-1) %}
{%- if messages[0].role == 'system' %}{% set ns.system = messages[0].content | trim %}{% endif %}
{%- if tools %}{% set ns.question = 1 if messages[0].role == 'system' else 0 %}{% endif %}
{{- bos_token ~ '<|start_header_id|>system<|end_header_id|>\n\n' }}
{%- if tools %}{{- 'Environment: ipython\n' }}{% endif %}
{{- 'Cutting Knowledge Date: December 2023\nToday Date: ' ~ date ~ '\n\n' ~ ns.system ~ '<|eot_id|>' }}
{%- for message in messages %}
  {%- if message.role == 'system' and loop.first %}
  {%- elif loop.index0 == ns.question %}
    {{- '<|start_header_id|>user<|end_header_id|>\n\nGiven the following functions, please respond with a JSON for a function call with its proper arguments that best answers the given prompt.\n\nRespond in the format {"name": function name, "parameters": dictionary of argument name and its value}.Do not use variables.\n\n' }}
    {%- for tool in tools %}{{- tool | tojson(indent=4) ~ '\n\n' }}{% endfor %}
    {{- message.content | trim ~ '<|eot_id|>' }}
  {%- elif message.tool_calls %}
    {%- if message.tool_calls | length != 1 %}
      {{- raise_exception('Llama 3.1 calls one function at a time, found ' ~ message.tool_calls | length) }}
    {%- endif %}
    {%- set function = message.tool_calls[0].function %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
    {%- generation %}
      {{- '{"name": "' ~ function.name ~ '", "parameters": ' }}
      {{- function.arguments if function.arguments is string else function.arguments | tojson }}
      {{- '}<|eot_id|>' }}
    {%- endgeneration %}
  {%- elif message.role == 'tool' or message.role == 'ipython' %}
    {{- '<|start_header_id|>ipython<|end_header_id|>\n\n' ~ (message.content | tojson) ~ '<|eot_id|>' }}
  {%- else %}
    {{- '<|start_header_id|>' ~ message.role ~ '<|end_header_id|>\n\n' }}
    {%- if message.role == 'assistant' %}
      {%- generation %}{{- message.content | trim ~ '<|eot_id|>' }}{% endgeneration %}
    {%- else %}{{- message.content | trim ~ '<|eot_id|>' }}
    {%- endif %}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}`.trim();

/** Vicuna 1.1 (Chiang et al. 2023): names of the speakers, no tokens of its own. */
export const VICUNA = `
{%- set ns = namespace(system="A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions.") %}
{%- if messages[0].role == 'system' %}{% set ns.system = messages[0].content %}{% endif %}
{{- bos_token ~ ns.system ~ ' ' }}
{%- for message in messages %}
  {%- if message.role == 'user' %}{{- 'USER: ' ~ message.content ~ ' ' }}
  {%- elif message.role == 'assistant' %}
    {{- 'ASSISTANT:' }}{% generation %}{{- ' ' ~ message.content ~ eos_token }}{% endgeneration %}
  {%- elif not (message.role == 'system' and loop.first) %}
    {{- raise_exception('Vicuna knows the roles system (first), user and assistant, not ' ~ message.role) }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- 'ASSISTANT:' }}{% endif %}`.trim();
