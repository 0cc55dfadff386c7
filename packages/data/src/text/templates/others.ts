/** ChatML: each turn between <|im_start|>role and <|im_end|>; the assistant learns its <|im_end|> too. */
export const CHATML = [
  "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' }}",
  "{% if message.role == 'assistant' %}{% generation %}{{ message.content + '<|im_end|>' }}{% endgeneration %}",
  "{% else %}{{ message.content + '<|im_end|>' }}{% endif %}{{ '\\n' }}{% endfor %}",
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
].join('');

/**
 * Mistral, version 3 of its tokenizer (mistral-common's documentation): the system message and the functions stand
 * before the last question; calls need ids of nine characters.
 */
export const MISTRAL = String.raw`
{%- set ns = namespace(system='', last=-1) %}
{%- for message in messages %}
  {%- if message.role == 'system' and loop.first %}{% set ns.system = message.content ~ '\n\n' %}{% endif %}
  {%- if message.role == 'user' %}{% set ns.last = loop.index0 %}{% endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in messages %}
  {%- if message.role == 'user' %}
    {%- if loop.index0 == ns.last %}
      {%- if tools %}{{- '[AVAILABLE_TOOLS] ' ~ (tools | tojson) ~ '[/AVAILABLE_TOOLS]' }}{% endif %}
      {{- '[INST] ' ~ ns.system ~ message.content ~ '[/INST]' }}
    {%- else %}{{- '[INST] ' ~ message.content ~ '[/INST]' }}
    {%- endif %}
  {%- elif message.role == 'assistant' %}
    {%- generation %}
      {%- if message.tool_calls %}
        {{- '[TOOL_CALLS] [' }}
        {%- for call in message.tool_calls %}
          {%- set arguments = call.function.arguments if call.function.arguments is string else call.function.arguments | tojson %}
          {{- '{"name": "' ~ call.function.name ~ '", "arguments": ' ~ arguments ~ ', "id": "' ~ call.id ~ '"}' }}
          {%- if not loop.last %}{{- ', ' }}{% endif %}
        {%- endfor %}
        {{- ']' ~ eos_token }}
      {%- else %}{{- ' ' ~ message.content ~ eos_token }}
      {%- endif %}
    {%- endgeneration %}
  {%- elif message.role == 'tool' %}
    {%- set json = message.content and message.content[0] in '{["-0123456789' %}
    {{- '[TOOL_RESULTS] {"content": ' ~ (message.content if json else message.content | tojson) ~ ', "call_id": "' ~ message.tool_call_id ~ '"}[/TOOL_RESULTS]' }}
  {%- elif not (message.role == 'system' and loop.first) %}
    {{- raise_exception('Mistral knows the roles system (first), user, assistant and tool, not ' ~ message.role) }}
  {%- endif %}
{%- endfor %}`.trim();

/** Gemma (its model card): roles user and model, which alternate; no system message. */
export const GEMMA = String.raw`
{{- bos_token }}
{%- for message in messages %}
  {%- if message.role not in ['user', 'assistant'] %}
    {{- raise_exception('Gemma knows no role ' ~ message.role ~ '; put it into the first question') }}
  {%- elif (message.role == 'user') != (loop.index0 % 2 == 0) %}
    {{- raise_exception('Gemma wants user and assistant to take turns, beginning with the user') }}
  {%- elif message.role == 'user' %}
    {{- '<start_of_turn>user\n' ~ message.content | trim ~ '<end_of_turn>\n' }}
  {%- else %}
    {{- '<start_of_turn>model\n' }}
    {%- generation %}{{- message.content | trim ~ '<end_of_turn>' }}{% endgeneration %}{{- '\n' }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<start_of_turn>model\n' }}{% endif %}`.trim();

/**
 * DeepSeek-R1 and its distilled models (their model cards): thoughts of earlier turns are left out, and the prompt opens
 * the thoughts of the next. The published template also drops the thoughts of a last answer, which nobody could learn
 * from then; here they follow the opened <think>, as when the model answers.
 */
export const DEEPSEEK_R1 = String.raw`
{%- set ns = namespace(system='') %}
{%- for message in messages %}{% if message.role == 'system' %}{% set ns.system = message.content %}{% endif %}{% endfor %}
{{- bos_token ~ ns.system }}
{%- for message in messages %}
  {%- if message.role == 'user' %}{{- '<｜User｜>' ~ message.content }}
  {%- elif message.role == 'assistant' %}
    {%- set thoughts = '' %}
    {%- set content = message.content %}
    {%- if '</think>' in content %}
      {%- set thoughts = content.split('</think>')[0].split('<think>')[-1].strip('\n') %}
      {%- set content = content.split('</think>')[-1] %}
    {%- elif message.reasoning_content is string %}
      {%- set thoughts = message.reasoning_content.strip('\n') %}
      {%- set content = '\n\n' ~ content if loop.last else content %}
    {%- endif %}
    {{- '<｜Assistant｜>' }}
    {%- if loop.last and thoughts %}{{- '<think>\n' }}{% endif %}
    {%- generation %}
      {%- if loop.last and thoughts %}{{- thoughts ~ '\n</think>' }}{% endif %}
      {{- content ~ '<｜end▁of▁sentence｜>' }}
    {%- endgeneration %}
  {%- elif message.role != 'system' %}
    {{- raise_exception('DeepSeek-R1 knows the roles system, user and assistant, not ' ~ message.role) }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<｜Assistant｜><think>\n' }}{% endif %}`.trim();
