import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Message, ToolDefinition } from '../example.ts';
import { ChatTemplate } from './chat-template.ts';
import { TEMPLATES, type TemplateName } from './templates/index.ts';
import { markThinking } from './thinking.ts';

// Made by tooling/reference/data/chat_families.py: texts by the published templates, fastchat and mistral-common.
const cases = JSON.parse(
  readFileSync(new URL('../fixtures/chat-families.json', import.meta.url), 'utf8'),
) as {
  template: TemplateName;
  messages: Message[];
  tools?: ToolDefinition[];
  variables?: Record<string, unknown>;
  addGenerationPrompt: boolean;
  text: string;
  assistant: [number, number][];
}[];

const turn = (role: string, content: string) => ({ role, content });
const unmarked = (name: TemplateName) => {
  const { source, ...options } = TEMPLATES[name];
  return new ChatTemplate(
    source.replaceAll(/{%-?\s*(end)?generation\s*-?%}/g, (tag) =>
      tag.replace(/(end)?generation/, 'set x = 1'),
    ),
    options,
  );
};

describe('built-in templates render what the models were trained on', () => {
  test.each(cases.map((c, i) => ({ i, ...c })))('$template, case $i', (c) => {
    const { template, messages, tools, variables, addGenerationPrompt, text, assistant } = c;
    const chat = ChatTemplate.named(template);
    const options = { tools, variables, addGenerationPrompt };
    expect(chat.render(messages, options)).toBe(text);
    expect(chat.renderMasked(messages, options)).toEqual({ text, assistant });
  });

  test('every template is covered, and refused by name when there is none', () => {
    const covered = new Set(cases.map(({ template }) => template));
    expect(ChatTemplate.names.filter((name) => !covered.has(name))).toEqual(['chatml']);
    expect(() => ChatTemplate.named('qwen' as TemplateName)).toThrow(
      "no built-in chat template is called 'qwen'; there are chatml, qwen2.5, qwen3,",
    );
  });
});

describe('what is learnt is what is generated', () => {
  const questions = [turn('user', 'a'), turn('assistant', 'b'), turn('user', 'c')];

  test.each(ChatTemplate.names)('%s: the prompt of sampling begins the text of training', (name) => {
    const chat = ChatTemplate.named(name);
    // DeepSeek-R1 always thinks.
    const answer = { ...turn('assistant', 'd'), ...(name === 'deepseek-r1' && { reasoning_content: 'e' }) };
    const prompt = chat.render(questions, { addGenerationPrompt: true });
    const variables = { enable_thinking: false };
    const closed = chat.render(questions, { addGenerationPrompt: true, variables });
    const { text, assistant } = chat.renderMasked([...questions, answer]);
    expect(text.startsWith(prompt)).toBe(true);
    // Qwen3 without thoughts continues the prompt whose thoughts are closed.
    expect(assistant.at(-1)![0]).toBe(name === 'qwen3' ? closed.length : prompt.length);
  });

  test('thoughts are learnt, an empty pair of tags is not', () => {
    const spans = (answer: Message) => {
      const { text, assistant } = ChatTemplate.named('qwen3').renderMasked([...questions, answer]);
      return assistant.map(([start, end]) => text.slice(start, end));
    };
    expect(spans(turn('assistant', 'd'))).toEqual(['b<|im_end|>', 'd<|im_end|>']);
    expect(spans({ ...turn('assistant', 'd'), reasoning_content: 'e' })).toEqual([
      'b<|im_end|>',
      '<think>\ne\n</think>\n\nd<|im_end|>',
    ]);
  });
});

test('questions are marked with the mode of their answer', () => {
  const messages = [
    turn('user', 'a'),
    turn('assistant', '<think>\nlong\n</think>\n\nb'),
    turn('user', 'c'),
    turn('assistant', '<think>\n\n</think>\n\nd'),
    turn('user', 'e /think'),
    { ...turn('assistant', 'f'), reasoning_content: 'g' },
    turn('user', 'h'),
  ];
  const questions = (write?: boolean) =>
    markThinking(messages, { write })
      .filter(({ role }) => role === 'user')
      .map(({ content }) => content);
  expect(questions()).toEqual(['a /think', 'c /no_think', 'e /think', 'h']);
  expect(questions(false)).toEqual(['a', 'c /no_think', 'e /think', 'h']);
  expect(messages[0]!.content).toBe('a');
});

describe('without generation marks', () => {
  test.each(ChatTemplate.names)('%s: the same targets are found', (name) => {
    const messages = [turn('user', 'a'), turn('assistant', 'b c'), turn('user', 'd'), turn('assistant', 'e')];
    const expected = ChatTemplate.named(name).renderMasked(messages);
    const found = unmarked(name).renderMasked(messages);
    expect(found.text).toBe(expected.text);
    const words = ({ text, assistant }: typeof found) =>
      assistant.map(([start, end]) => text.slice(start, end).trim());
    expect(words(found)).toEqual(
      words(expected).map((text, i) =>
        name === 'qwen3' && i === 1 ? `<think>\n\n</think>\n\n${text}` : text,
      ),
    );
  });

  test('turns whose thoughts are left out later keep their words', () => {
    const messages = [
      turn('user', 'a'),
      turn('assistant', '<think>\nlong\n</think>\n\nb c'),
      turn('user', 'd'),
      turn('assistant', '<think>\nx\n</think>\n\ne'),
    ];
    const { text, assistant } = unmarked('qwen3').renderMasked(messages);
    expect(assistant.map(([start, end]) => text.slice(start, end))).toEqual([
      'b c<|im_end|>',
      '<think>\nx\n</think>\n\ne<|im_end|>',
    ]);
  });

  test('a template that changes words is refused, not guessed at', () => {
    const shout = new ChatTemplate(
      '{% for m in messages %}[{{ m.role }}] {{ m.content | upper if loop.last else m.content[:1] }}\n{% endfor %}',
    );
    const messages = [
      turn('user', 'a'),
      turn('assistant', 'long'),
      turn('user', 'b'),
      turn('assistant', 'c'),
    ];
    expect(() => shout.renderMasked(messages)).toThrow(
      'chat template renders message 1 so that its place cannot be found; mark what the assistant produces',
    );
  });
});
