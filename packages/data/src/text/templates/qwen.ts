/** How Qwen is told of functions; shared by both generations. */
const TOOLS = String.raw`
{{- "# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>" }}
{%- for tool in tools %}
  {{- "\n" ~ (tool | tojson) }}
{%- endfor %}
{{- "\n</tools>\n\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call><|im_end|>\n" }}`;

/** Answers of functions: a user turn for all that follow each other. */
const TOOL_RESPONSE = String.raw`
{%- if loop.first or messages[loop.index0 - 1].role != 'tool' %}{{- '<|im_start|>user' }}{% endif %}
{{- '\n<tool_response>\n' ~ message.content ~ '\n</tool_response>' }}
{%- if loop.last or messages[loop.index0 + 1].role != 'tool' %}{{- '<|im_end|>\n' }}{% endif %}`;

/** Calls of functions, each on lines of its own. */
const CALL = String.raw`
{%- set function = call.function if call.function else call %}
{{- '<tool_call>\n{"name": "' ~ function.name ~ '", "arguments": ' }}
{{- function.arguments if function.arguments is string else function.arguments | tojson }}
{{- '}\n</tool_call>' }}`;

/** Qwen2.5 (its technical report, and the documentation of Qwen): ChatML with a system message always, and tools. */
export const QWEN_2_5 = String.raw`
{%- set ns = namespace(system='You are Qwen, created by Alibaba Cloud. You are a helpful assistant.') %}
{%- if messages[0].role == 'system' %}{% set ns.system = messages[0].content %}{% endif %}
{{- '<|im_start|>system\n' ~ ns.system }}
{%- if tools %}{{- '\n\n' }}${TOOLS}{% else %}{{- '<|im_end|>\n' }}{% endif %}
{%- for message in messages %}
  {%- if message.role == 'assistant' %}
    {{- '<|im_start|>assistant' }}
    {%- if not message.tool_calls %}
      {{- '\n' }}{% generation %}{{- message.content ~ '<|im_end|>' }}{% endgeneration %}
    {%- else %}
      {{- '\n' }}
      {%- generation %}
        {%- if message.content %}{{- message.content ~ '\n' }}{% endif %}
        {%- for call in message.tool_calls %}
          {%- if not loop.first %}{{- '\n' }}{% endif %}${CALL}
        {%- endfor %}
        {{- '<|im_end|>' }}
      {%- endgeneration %}
    {%- endif %}
    {{- '\n' }}
  {%- elif message.role == 'tool' %}${TOOL_RESPONSE}
  {%- elif message.role == 'user' or not loop.first %}
    {{- '<|im_start|>' ~ message.role ~ '\n' ~ message.content ~ '<|im_end|>\n' }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{% endif %}`.trim();

/**
 * Qwen3 (Yang et al. 2025, section 4.3): thoughts stand before an answer between <think> tags, or an empty pair of them
 * when there are none. Thoughts of turns before the last question are left out. With enable_thinking: false the prompt
 * ends with the empty pair; so an empty pair is never a target here, while thoughts are.
 */
export const QWEN_3 = String.raw`
{%- if tools %}
  {{- '<|im_start|>system\n' }}
  {%- if messages[0].role == 'system' %}{{- messages[0].content ~ '\n\n' }}{% endif %}${TOOLS}
{%- elif messages[0].role == 'system' %}
  {{- '<|im_start|>system\n' ~ messages[0].content ~ '<|im_end|>\n' }}
{%- endif %}
{%- set ns = namespace(question=messages | length - 1, searching=true) %}
{%- for message in messages[::-1] %}
  {%- if ns.searching and message.role == 'user' and not (message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
    {%- set ns.question = messages | length - 1 - loop.index0 %}
    {%- set ns.searching = false %}
  {%- endif %}
{%- endfor %}
{%- for message in messages %}
  {%- if message.role == 'assistant' %}
    {%- set content = message.content if message.content is string else '' %}
    {%- set thoughts = '' %}
    {%- if message.reasoning_content is string %}
      {%- set thoughts = message.reasoning_content %}
    {%- elif '</think>' in content %}
      {%- set thoughts = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
      {%- set content = content.split('</think>')[-1].lstrip('\n') %}
    {%- endif %}
    {{- '<|im_start|>assistant\n' }}
    {%- set current = loop.index0 > ns.question and (loop.last or thoughts) %}
    {%- if current and not thoughts.strip('\n') %}{{- '<think>\n\n</think>\n\n' }}{% endif %}
    {%- generation %}
      {%- if current and thoughts.strip('\n') %}
        {{- '<think>\n' ~ thoughts.strip('\n') ~ '\n</think>\n\n' }}
      {%- endif %}
      {{- content.lstrip('\n') if current else content }}
      {%- if message.tool_calls %}
        {%- for call in message.tool_calls %}
          {%- if content or not loop.first %}{{- '\n' }}{% endif %}${CALL}
        {%- endfor %}
      {%- endif %}
      {{- '<|im_end|>' }}
    {%- endgeneration %}
    {{- '\n' }}
  {%- elif message.role == 'tool' %}${TOOL_RESPONSE}
  {%- elif message.role == 'user' or (message.role == 'system' and not loop.first) %}
    {{- '<|im_start|>' ~ message.role ~ '\n' ~ message.content ~ '<|im_end|>\n' }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|im_start|>assistant\n' }}
  {%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\n\n</think>\n\n' }}{% endif %}
{%- endif %}`.trim();
