/** ChatML: each turn between `<|im_start|>role` and `<|im_end|>`; the assistant learns its `<|im_end|>` too. */
export const CHATML = [
  "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' }}",
  "{% if message.role == 'assistant' %}{% generation %}{{ message.content + '<|im_end|>' }}{% endgeneration %}",
  "{% else %}{{ message.content + '<|im_end|>' }}{% endif %}{{ '\\n' }}{% endfor %}",
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
].join('');
