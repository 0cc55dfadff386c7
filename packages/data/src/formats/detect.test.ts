import { describe, expect, test } from 'vitest';
import type { Row } from '../dataset.ts';
import type { Example } from '../example.ts';
import { convertRow, detectFormat } from './detect.ts';
import { parseTranscript } from './transcript.ts';

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });
const q = '\n\nHuman: Why?\n\nAssistant: Because.\n\nHuman: Really?\n\nAssistant:';

const cases: [string, Row, Example][] = [
  [
    'messages',
    { messages: [user('a'), assistant('b')], id: 1 },
    { kind: 'conversation', messages: [user('a'), assistant('b')] },
  ],
  [
    'sharegpt',
    {
      conversations: [
        { from: 'system', value: 's' },
        { from: 'human', value: 'a' },
        { from: 'gpt', value: 'b' },
      ],
    },
    { kind: 'conversation', messages: [{ role: 'system', content: 's' }, user('a'), assistant('b')] },
  ],
  [
    'hh-rlhf',
    { chosen: `${q} Yes.`, rejected: `${q} No.` },
    {
      kind: 'preference',
      prompt: [user('Why?'), assistant('Because.'), user('Really?')],
      chosen: 'Yes.',
      rejected: 'No.',
    },
  ],
  [
    'preference',
    { prompt: 'p', chosen: 'a', rejected: 'b' },
    { kind: 'preference', prompt: 'p', chosen: 'a', rejected: 'b' },
  ],
  [
    'preference',
    { prompt: [user('p')], chosen: [assistant('a')], rejected: [assistant('b')] },
    { kind: 'preference', prompt: [user('p')], chosen: 'a', rejected: 'b' },
  ],
  [
    'preference',
    { chosen: [user('p'), assistant('a')], rejected: [user('p'), assistant('b')] },
    { kind: 'preference', prompt: [user('p')], chosen: 'a', rejected: 'b' },
  ],
  [
    'prompt-completion',
    { prompt: 'p', completion: 'c' },
    { kind: 'completion', prompt: 'p', completion: 'c' },
  ],
  [
    'alpaca',
    { instruction: 'Add.', input: '1 1', output: '2' },
    { kind: 'completion', prompt: 'Add.\n\n1 1', completion: '2' },
  ],
  [
    'alpaca',
    { instruction: 'Hi.', input: '', output: '2' },
    { kind: 'completion', prompt: 'Hi.', completion: '2' },
  ],
  [
    'question-answer',
    { question: '1+1?', answer: '#### 2' },
    { kind: 'completion', prompt: '1+1?', completion: '#### 2' },
  ],
  ['retrieval', { query: 'q', positive: 'p' }, { kind: 'contrastive', query: 'q', positive: 'p' }],
  ['retrieval', { anchor: 'q', positive: 'p', id: 1 }, { kind: 'contrastive', query: 'q', positive: 'p' }],
  ['prompt', { prompt: [user('p')] }, { kind: 'prompt', prompt: [user('p')] }],
  [
    'preference',
    {
      prompt: 'p',
      chosen: [user('p'), assistant('a')],
      rejected: [user('p'), assistant('b')],
      score_chosen: 8.5,
      score_rejected: 6,
    },
    { kind: 'preference', prompt: [user('p')], chosen: 'a', rejected: 'b', margin: 2.5 },
  ],
  [
    'preference',
    { prompt: 'p', chosen: 'a', rejected: 'b', margin: 0 },
    { kind: 'preference', prompt: 'p', chosen: 'a', rejected: 'b', margin: 0 },
  ],
  [
    'shp',
    { post_id: 'x', history: 'h', human_ref_A: 'a', human_ref_B: 'b', labels: 0, score_A: 1, score_B: 9 },
    { kind: 'preference', prompt: 'h', chosen: 'b', rejected: 'a' },
  ],
  [
    'summarize-from-feedback',
    {
      info: { id: 'x', post: 'long', title: 'T', article: null },
      summaries: [
        { text: 'a', policy: 'sup' },
        { text: 'b', policy: 'ref' },
      ],
      choice: 1,
    },
    { kind: 'preference', prompt: 'T\n\nlong\n\nTL;DR:', chosen: 'b', rejected: 'a' },
  ],
  [
    'webgpt',
    {
      question: { full_text: 'q', dataset: 'eli5' },
      answer_0: 'a',
      answer_1: 'b',
      score_0: -0.5,
      score_1: 0.25,
      quotes_0: {},
      quotes_1: {},
    },
    { kind: 'preference', prompt: 'q', chosen: 'b', rejected: 'a', margin: 0.75 },
  ],
  [
    'kto',
    { prompt: 'p', completion: 'c', label: false },
    { kind: 'unpaired', prompt: 'p', completion: 'c', label: false },
  ],
  [
    'kto',
    { instruction: 'i', input: '', output: 'o', kto_tag: 'true' },
    { kind: 'unpaired', prompt: 'i', completion: 'o', label: true },
  ],
  [
    'kto',
    { messages: [user('a'), assistant('b')], label: true },
    { kind: 'unpaired', prompt: [user('a')], completion: 'b', label: true },
  ],
  [
    'stepwise',
    { prompt: 'p', completions: ['one', 'two'], labels: [true, 0] },
    { kind: 'stepwise', prompt: 'p', completions: ['one', 'two'], labels: [true, false] },
  ],
  [
    'stepwise',
    { prompt: 'p', completions: ['one', 'two'], labels: [0.25, 1] },
    { kind: 'stepwise', prompt: 'p', completions: ['one', 'two'], labels: [0.25, true] },
  ],
  [
    'prm800k',
    {
      question: { problem: 'p', ground_truth_answer: '1' },
      label: {
        steps: [
          {
            completions: [
              { text: 'a', rating: -1 },
              { text: 'b', rating: 1 },
            ],
            chosen_completion: 1,
          },
          { completions: [{ text: 'c', rating: 0 }], chosen_completion: null },
          { completions: [{ text: 'd', rating: -1 }], chosen_completion: null },
          { completions: [{ text: 'e', rating: null }], human_completion: null, chosen_completion: null },
        ],
        finish_reason: 'found_error',
      },
    },
    { kind: 'stepwise', prompt: 'p', completions: ['b', 'c', 'd'], labels: [true, true, false] },
  ],
  [
    'math-shepherd',
    {
      input: 'How many? Step 1: One. ки\nStep 2: Two + 1. The answer is: 3 ки',
      label: 'How many? Step 1: One. +\nStep 2: Two + 1. The answer is: 3 -',
      task: 'GSM8K',
    },
    {
      kind: 'stepwise',
      prompt: 'How many?',
      completions: ['Step 1: One.', 'Step 2: Two + 1. The answer is: 3'],
      labels: [true, false],
    },
  ],
  // Preferences come before the messages that stand beside them.
  [
    'preference',
    {
      prompt: 'p',
      messages: [user('p'), assistant('a')],
      chosen: [user('p'), assistant('a')],
      rejected: [user('p'), assistant('b')],
      score_chosen: 2,
      score_rejected: 1,
    },
    { kind: 'preference', prompt: [user('p')], chosen: 'a', rejected: 'b', margin: 1 },
  ],
  [
    'preference',
    {
      conversations: [{ from: 'human', value: 'p' }],
      chosen: { from: 'gpt', value: 'a' },
      rejected: { from: 'gpt', value: 'b' },
    },
    { kind: 'preference', prompt: [user('p')], chosen: 'a', rejected: 'b' },
  ],
  [
    'preference',
    { system: 's', question: 'p', chosen: 'a', rejected: 'b' },
    { kind: 'preference', prompt: [{ role: 'system', content: 's' }, user('p')], chosen: 'a', rejected: 'b' },
  ],
  [
    'preference',
    { instruction: 'p', input: 'i', chosen: 'a', rejected: 'b' },
    { kind: 'preference', prompt: 'p\n\ni', chosen: 'a', rejected: 'b' },
  ],
  [
    'alpaca',
    { system: 's', instruction: 'i', input: '', output: 'o', history: [['a', 'b']] },
    {
      kind: 'completion',
      prompt: [{ role: 'system', content: 's' }, user('a'), assistant('b'), user('i')],
      completion: 'o',
    },
  ],
  [
    'ranked',
    { prompt: 'p', responses: ['a', 'b', 'c'], scores: [1, 3, 2] },
    { kind: 'listwise', prompt: 'p', completions: ['b', 'c', 'a'], scores: [3, 2, 1] },
  ],
  [
    'ranked',
    { prompt: 'p', completions: ['a', [assistant('b')]], ranks: [2, 1] },
    { kind: 'listwise', prompt: 'p', completions: ['b', 'a'], scores: [-1, -2] },
  ],
  [
    'sharegpt',
    {
      system: 's',
      tools: '[{"type":"function","function":{"name":"f"}}]',
      conversations: [
        { from: 'human', value: 'a' },
        { role: 'assistant', content: null, tool_calls: [{ function: { name: 'f', arguments: {} } }] },
        { from: 'observation', value: '1' },
        { from: 'gpt', value: 'b' },
      ],
    },
    {
      kind: 'conversation',
      messages: [
        { role: 'system', content: 's' },
        user('a'),
        { role: 'assistant', content: '', tool_calls: [{ function: { name: 'f', arguments: {} } }] },
        { role: 'tool', content: '1' },
        assistant('b'),
      ],
      tools: [{ type: 'function', function: { name: 'f' } }],
    },
  ],
  ['text', { text: 't' }, { kind: 'text', text: 't' }],
];

describe('rows are recognised and converted', () => {
  test.each(cases)('%s', (format, row, example) => {
    expect(detectFormat(row)).toBe(format);
    expect(convertRow(row)).toEqual(example);
  });
});

describe('rows that do not fit are refused', () => {
  test('unknown columns: the message names them and the formats', () => {
    const convert = () => convertRow({ foo: 1, bar: 2 });
    expect(convert).toThrow('no known format has the columns foo, bar; rename or map them to one of');
    for (const [format] of cases) expect(convert).toThrow(`\n  ${format}: `);
    expect(() => convertRow({})).toThrow('columns (none)');
  });

  const bad: [string, Row, string][] = [
    ['no messages', { messages: [] }, 'messages must be a non-empty list of messages, found []'],
    [
      'a message without content',
      { messages: [{ role: 'user' }] },
      'messages[0] must have role and content as strings, found {"role":"user"}',
    ],
    ['an empty answer', { question: 'q', answer: '' }, 'answer must be a non-empty string, found ""'],
    ['a number', { prompt: 'p', completion: 5 }, 'completion must be a non-empty list of messages, found 5'],
    [
      'different prompts',
      { chosen: '\n\nHuman: a\n\nAssistant: b', rejected: '\n\nHuman: c\n\nAssistant: d' },
      'must share all turns but the last',
    ],
    [
      'a transcript that ends with the human',
      { chosen: '\n\nHuman: a', rejected: '\n\nHuman: a' },
      'must end with an assistant turn, found user and user',
    ],
    [
      'an answer without a prompt',
      { chosen: [assistant('a')], rejected: [assistant('b')] },
      'chosen must begin with a turn',
    ],
    [
      'a tag that is no judgement',
      { prompt: 'p', completion: 'c', kto_tag: 'good' },
      'kto_tag must be true or false, found "good"',
    ],
    [
      'a tie',
      { question: { full_text: 'q' }, answer_0: 'a', answer_1: 'b', score_0: 0, score_1: 0 },
      'score_0 and score_1 are equal: neither answer is preferred',
    ],
    [
      'fewer labels than steps',
      { prompt: 'p', completions: ['a', 'b'], labels: [true] },
      'labels must be 2 times true, false or a probability, one a step, found [true]',
    ],
    [
      'one answer to rank',
      { prompt: 'p', completions: ['a'], scores: [1] },
      'completions must be a list of at least two answers, found ["a"]',
    ],
    [
      'a score that is no number',
      { prompt: 'p', completions: ['a', 'b'], scores: [1, 'x'] },
      'scores must be 2 numbers, one an answer, found [1,"x"]',
    ],
    [
      'a negative margin',
      { prompt: 'p', chosen: 'a', rejected: 'b', margin: -1 },
      'the margin of the chosen answer must be at least 0, found -1',
    ],
    ['tools that are no list', { messages: [user('a')], tools: '{}' }, 'tools must be a list of functions'],
    [
      'answers alone',
      { chosen: 'a', rejected: 'b' },
      'without a prompt must be conversations or transcripts',
    ],
  ];
  test.each(bad)('%s', (_, row, message) => {
    expect(() => convertRow(row)).toThrow(message);
  });

  test('a row of another format than the dataset', () => {
    expect(() => convertRow({ question: 'q' }, 'question-answer')).toThrow(
      'answer must be a non-empty string, found nothing',
    );
  });
});

test('transcripts: turns of one role in a row are joined, words inside a turn do not split it', () => {
  expect(parseTranscript('\n\nHuman: a\n\nHuman: b\n\nAssistant: c Human: d\nAssistant: e\n\nf')).toEqual([
    user('a\n\nb'),
    assistant('c Human: d\nAssistant: e\n\nf'),
  ]);
  expect(() => parseTranscript('Hello')).toThrow('transcript must begin with "Human:", found "Hello"');
  expect(parseTranscript('\n\nHuman: a\n\nAssistant:')).toEqual([user('a'), assistant('')]);
});
