import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Message } from '../example.ts';
import { ChatTemplate } from './chat-template.ts';

// Made by tooling/reference/data/make_fixtures.py with Hugging Face transformers.
const { templates, cases } = JSON.parse(
  readFileSync(new URL('../fixtures/chat-templates.json', import.meta.url), 'utf8'),
) as {
  templates: Record<string, string>;
  cases: {
    template: string;
    messages: Message[];
    addGenerationPrompt: boolean;
    text: string;
    assistant: [number, number][];
  }[];
};
const tokens = { bosToken: '<s>', eosToken: '</s>' };
const conversation: Message[] = [
  { role: 'user', content: 'Hi' },
  { role: 'assistant', content: 'Hello!' },
  { role: 'user', content: 'Bye' },
  { role: 'assistant', content: 'See you.' },
];

describe('chat templates render as transformers renders them, assistant marks included', () => {
  test.each(cases.map((c, i) => ({ i, ...c })))(
    '$template, case $i',
    ({ template, messages, addGenerationPrompt, text, assistant }) => {
      const chat = new ChatTemplate(templates[template]!, tokens);
      expect(chat.render(messages, { addGenerationPrompt })).toBe(text);
      expect(chat.renderMasked(messages, { addGenerationPrompt })).toEqual({ text, assistant });
    },
  );

  test('the built-in ChatML equals the reference template', () => {
    for (const { template, messages, addGenerationPrompt, text, assistant } of cases) {
      if (template !== 'chatml') continue;
      expect(ChatTemplate.chatml().renderMasked(messages, { addGenerationPrompt })).toEqual({
        text,
        assistant,
      });
    }
  });
});

describe('without generation marks', () => {
  const unmarked = (source: string) => source.replaceAll(/{%-?\s*(end)?generation\s*-?%}/g, '');

  test('the assistant turns are found by rendering the turns before them', () => {
    const chat = new ChatTemplate(unmarked(templates.chatml!));
    const { text, assistant } = chat.renderMasked(conversation);
    expect(assistant.map(([start, end]) => text.slice(start, end))).toEqual([
      'Hello!<|im_end|>',
      'See you.<|im_end|>',
    ]);
  });

  test('a template that renders earlier turns differently is refused, not guessed at', () => {
    const last =
      "{% for m in messages %}[{{ m.role }}] {{ m.content if loop.last else '...' }}\n{% endfor %}";
    expect(() => new ChatTemplate(last).renderMasked(conversation)).toThrow(
      'chat template renders message 1 so that its place cannot be found; mark what the assistant produces with {% generation %}',
    );
  });
});

test('errors of templates are one line', () => {
  expect(() => new ChatTemplate('{% for %}')).toThrow(/^chat template is not valid Jinja: /);
  const strict = new ChatTemplate("{{ raise_exception('roles must alternate') }}");
  expect(() => strict.render(conversation)).toThrow('chat template: roles must alternate');
  expect(() => ChatTemplate.chatml().render([{ role: 'user', content: '\uE0B0' }])).toThrow('U+E0B0');
});

test('load reads chat_template.jinja, a template string, or the default of several', () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune-template-'));
  const config = (content: object) =>
    writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(content));
  try {
    expect(ChatTemplate.load(folder)).toBeUndefined();
    config({
      chat_template: '{{ bos_token }}{{ messages[0].content }}{{ eos_token }}',
      bos_token: '<s>',
      eos_token: { content: '</s>' },
    });
    expect(ChatTemplate.load(folder)!.render(conversation)).toBe('<s>Hi</s>');
    config({
      chat_template: [
        { name: 'tools', template: 'T' },
        { name: 'default', template: 'D' },
      ],
    });
    expect(ChatTemplate.load(folder)!.render(conversation)).toBe('D');
    writeFileSync(join(folder, 'chat_template.jinja'), 'J');
    expect(ChatTemplate.load(folder)!.render(conversation)).toBe('J');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
