import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  cosineLength,
  detectLanguage,
  extractChoice,
  extractCode,
  extractJson,
  followsInstruction,
  gsm8k,
  instructionCheckers,
  instructions,
  jsonSchema,
  languageConsistency,
  languageShare,
  mathMatch,
  multipleChoice,
  regexMatch,
  repetitionPenalty,
  softOverlong,
  splitSentences,
  thinkFormat,
} from './index.ts';

const fixture = JSON.parse(readFileSync(new URL('./fixtures/verifiers.json', import.meta.url), 'utf8'));
const ids = (length: number) => ({ ids: new Int32Array(length) });

describe('length and repetition', () => {
  test('the cosine reward agrees with trl', async () => {
    type Row = [
      correct: [number, number],
      wrong: [number, number],
      text: string,
      tokens: number,
      score: number,
    ];
    for (const [correct, wrong, text, tokens, score] of fixture.cosine as Row[]) {
      const reward = cosineLength({ correctness: mathMatch(), maxLength: 100, correct, wrong });
      expect(await reward(text, { answer: '\\frac{1}{3}' }, ids(tokens))).toBeCloseTo(score, 12);
    }
    const paper = cosineLength({ correctness: () => 1, maxLength: 10, exceeded: -10 });
    expect(await paper('', {}, ids(0))).toBe(2);
    expect(await paper('', {}, ids(10))).toBeCloseTo(1);
    expect(await paper('', {}, ids(11))).toBe(-10);
    await expect(paper('', {})).rejects.toThrow('the number of tokens is not known');
    expect(() => cosineLength({ correctness: () => 1, maxLength: 0 })).toThrow('must be above 0, found 0');
  });

  test('the soft overlong punishment agrees with trl', () => {
    for (const [maxLength, buffer, tokens, score] of fixture.overlong as [number, number, number, number][])
      expect(softOverlong({ maxLength, buffer })('', {}, ids(tokens))).toBeCloseTo(score, 12);
    expect(softOverlong({ maxLength: 4, buffer: 0, length: (text) => text.length })('12345', {})).toBe(-1);
    expect(() => softOverlong({ maxLength: 4, buffer: 5 })).toThrow('from 0 to maxLength 4, found 5');
  });

  test('the repetition penalty agrees with trl', () => {
    for (const [n, maxPenalty, tokens, score] of fixture.repetition as [number, number, number[], number][])
      expect(repetitionPenalty({ n, maxPenalty })('', {}, { ids: tokens })).toBeCloseTo(score, 12);
    expect(repetitionPenalty({ n: 2, unit: 'words' })('ha Ha ha ha', {})).toBeCloseTo(-2 / 3);
    expect(() => repetitionPenalty()('x', {})).toThrow('the tokens are not known');
    expect(() => repetitionPenalty({ n: 0 })).toThrow('found 0');
    expect(() => repetitionPenalty({ maxPenalty: 1 })).toThrow('found 1');
  });
});

test('GSM8K agrees with verl but where it reads more', () => {
  type Row = [text: string, answer: string, mode: 'strict' | 'flexible', score: number];
  const differing = (fixture.gsm8k as Row[]).filter(
    ([text, answer, mode, score]) => gsm8k({ mode, format: 0.1 })(text, { answer }) !== score,
  );
  // verl wants one space behind ####, keeps a full stop, and takes commas out in strict mode only.
  expect(differing.map(([text, answer, mode]) => [text, answer, mode])).toEqual(
    expect.arrayContaining([['The total is 1,072', '1072', 'flexible']]),
  );
  for (const [text, , mode] of differing)
    expect(text.includes('####72') || (mode === 'flexible' && /1,072|72\.$/.test(text))).toBe(true);
});

test('boxed answers: right where trl or verl say so', () => {
  // trl takes the first box, verl the last one and compares texts; here the last one is compared by value.
  for (const [text, answer, trl, verl] of fixture.accuracy as [string, string, number, number][])
    expect(mathMatch()(text, { answer }), text).toBe(Math.max(trl, verl));
});

test('thoughts before a free answer are the format that trl rewards', () => {
  for (const [text, score] of fixture.thinkFormat as [string, number][])
    expect(thinkFormat({ answerTags: false })(text, {}), text).toBe(score);
});

test('degenerate completions are scored in passing', async () => {
  const pieces = [
    '\\(',
    '\\boxed{',
    '$',
    '$$',
    '\n',
    ' ',
    '```\n',
    'a. ',
    '1. ',
    '(',
    '[[',
    '{',
    '<think>',
    'answer is ',
    '*',
    '-',
    '\n- ',
    '####',
    ',',
    '1,',
    'A',
    '\\[',
    '"',
    '<answer>',
    '***',
  ];
  const kinds = Object.keys(instructionCheckers);
  const args = {
    keywords: ['x'],
    forbidden_words: ['x'],
    keyword: 'x',
    frequency: 1,
    letter: 'x',
    let_frequency: 1,
    language: 'en',
    num_sentences: 1,
    num_words: 1,
    num_paragraphs: 1,
    nth_paragraph: 1,
    first_word: 'x',
    num_placeholders: 1,
    postscript_marker: 'P.S.',
    num_bullets: 1,
    num_highlights: 1,
    section_spliter: 'S',
    num_sections: 1,
    prompt_to_repeat: 'x',
    end_phrase: 'x',
    capital_frequency: 1,
  };
  const row = {
    answer: 'B',
    prompt: 'What is the answer?',
    schema: {},
    instruction_id_list: kinds,
    kwargs: kinds.map(() => args),
  };
  const all = [
    mathMatch(),
    gsm8k({ mode: 'flexible' }),
    multipleChoice(),
    jsonSchema(),
    instructions({ partial: true, mode: 'loose' }),
    languageConsistency(),
    thinkFormat(),
    repetitionPenalty({ unit: 'words' }),
  ];
  for (const piece of pieces)
    for (const reward of all) expect(await reward(piece.repeat(8000), row)).toBeLessThanOrEqual(1);
  for (const piece of pieces)
    expect(extractCode(piece.repeat(8000)).length).toBeLessThanOrEqual(8000 * piece.length);
});

describe('instructions', () => {
  type Row = [name: string, args: Record<string, unknown>, response: string, strict: boolean, loose: boolean];
  const rows = fixture.instructions as Row[];

  test('all 25 kinds agree with lm-eval, strict and loose', () => {
    expect(new Set(rows.map(([name]) => name))).toEqual(new Set(Object.keys(instructionCheckers)));
    expect(Object.keys(instructionCheckers)).toHaveLength(25);
    const differing = rows.filter(
      ([name, args, response, strict, loose]) =>
        followsInstruction(response, name, args) !== strict ||
        followsInstruction(response, name, args, 'loose') !== loose,
    );
    expect(differing).toEqual([]);
  });

  test('as a reward: all, a share, from the columns of the data set', () => {
    const row = {
      instruction_id_list: ['punctuation:no_comma', 'length_constraints:number_words'],
      kwargs: [{}, { num_words: 3, relation: 'at least', num_sentences: null }],
    };
    expect(instructions()('one two three', row)).toBe(1);
    expect(instructions()('one, two', row)).toBe(0);
    expect(instructions({ partial: true })('one two', row)).toBe(0.5);
    expect(instructions({ mode: 'loose' })('Sure, here:\none two three', row)).toBe(1);
    expect(instructions()('a b c', { ...row, kwargs: JSON.stringify(row.kwargs) })).toBe(1);
    expect(() => instructions()('x', { ...row, kwargs: [{}] })).toThrow('equal length, found 2 and 1');
    expect(() => instructions()('x', { instruction_id_list: ['toString'], kwargs: [{}] })).toThrow(
      'no instruction is called "toString"; there are keywords:existence',
    );
    expect(() => instructions()('x', { ...row, kwargs: [{}, {}] })).toThrow(
      'argument num_words must be a number, found nothing',
    );
    expect(() => instructions()('x', {})).toThrow(
      'column instruction_id_list must hold a list, found nothing',
    );
  });

  test('keywords are texts, not patterns', () => {
    expect(followsInstruction('I like C++.', 'keywords:existence', { keywords: ['c++'] })).toBe(true);
    expect(followsInstruction('I like C.', 'keywords:existence', { keywords: ['c++'] })).toBe(false);
  });

  test('sentences', () => {
    expect(
      splitSentences('Dr. Lee, i.e. J. Lee, paid $3.50 at 5 p.m. today... Really?! "Yes." 你好。再见！'),
    ).toEqual([
      'Dr. Lee, i.e. J. Lee, paid $3.50 at 5 p.m. today...',
      'Really?!',
      '"Yes."',
      '你好。',
      '再见！',
    ]);
    expect(splitSentences('1. First\n2. Second')).toHaveLength(1);
    expect(splitSentences(' \n')).toEqual([]);
  });
});

describe('language', () => {
  test('is told for the sentences whose language langdetect tells', () => {
    for (const [text, wanted] of fixture.languages as [string, string, string][])
      expect(detectLanguage(text), text).toBe(wanted);
    expect(detectLanguage('12 + 3 = 15')).toBeUndefined();
    expect(detectLanguage('`const x = the.of`')).toBeUndefined();
  });

  test('consistency is the share of words in the language wanted', () => {
    expect(languageShare('We add the numbers. 然后我们得到十二。', 'en')).toBeCloseTo(4 / 12);
    expect(languageShare('We add $x$ and $y$, `而` then \\boxed{答} we stop here', 'en')).toBe(1);
    expect(languageShare('首先，我们计算 x + y 的值。', 'zh')).toBe(1);
    expect(
      languageShare(
        'It is the sum of both numbers. Das ist die Summe der beiden Zahlen, und das war es.',
        'en',
      ),
    ).toBeCloseTo(7 / 18);
    expect(languageShare('12 + 3', 'de')).toBe(1);
    expect(languageShare(' \n', 'de')).toBe(0);
    const reward = languageConsistency();
    expect(
      reward('Das ist die Antwort auf die Frage.', { prompt: 'Was ist die Antwort auf die Frage?' }),
    ).toBe(1);
    expect(
      reward('That is the answer to the question.', { prompt: 'Was ist die Antwort auf die Frage?' }),
    ).toBe(0);
    expect(languageConsistency({ column: 'lang' })('Ja, das ist es.', { lang: 'de' })).toBe(1);
    expect(() => reward('x', { prompt: '12?' })).toThrow('cannot tell the language of "12?"');
  });
});

describe('multiple choice', () => {
  test.each([
    ['\\boxed{C}', 'C'],
    ['\\boxed{\\text{(b)}}', 'B'],
    ['<answer> D </answer>', 'D'],
    ['The answer is A, not B.', 'A'],
    ['The answer is a bit hard to find. I choose (C).', 'C'],
    ['the correct option is: **B**', 'B'],
    ['Answer: (d)', 'D'],
    ['A is wrong since ...\nC', 'C'],
    ['B) Paris, because', 'B'],
    ['I think (A) or (B).', undefined],
    ['\\boxed{A, B, C}', undefined],
    ['The answer is A or B.', undefined],
    ['<answer>A/B</answer>', undefined],
    ['<think>The answer is A.</think>The answer is B.', 'B'],
    ['A cat sat on the mat', undefined],
    ['', undefined],
  ])('%j chooses %s', (completion, letter) => {
    expect(extractChoice(completion)).toBe(letter);
  });

  test('the reference is a letter, a number or a text', () => {
    const choices = ['Rome', 'Paris', 'New Paris', 'Oslo'];
    for (const answer of ['B', '(b)', 1, 'Paris']) {
      expect(multipleChoice()('The answer is B.', { choices, answer })).toBe(1);
      expect(multipleChoice()('It must be Paris', { choices, answer })).toBe(1);
      expect(multipleChoice()('It must be New Paris', { choices, answer })).toBe(0);
      expect(multipleChoice()('no', { choices, answer })).toBe(0);
    }
    expect(multipleChoice()('Answer: E', { answer: 'E' })).toBe(1);
    expect(() => multipleChoice()('x', { choices, answer: 'Bern' })).toThrow(
      'must name a choice, found "Bern"',
    );
    expect(() => multipleChoice()('x', { choices, answer: 4 })).toThrow('found 4');
  });
});

test('regexMatch: patterns of the row or for all, and one that never ends', async () => {
  expect(await regexMatch({ pattern: '^\\d+$' })('12', {})).toBe(1);
  expect(await regexMatch({ pattern: /^A/gi })('abc', {})).toBe(1);
  expect(await regexMatch({ column: 'p' })('ab\nc', { p: 'a.*c' })).toBe(1);
  expect(await regexMatch({ column: 'p', flags: '' })('ab\nc', { p: 'a.*c' })).toBe(0);
  await expect(regexMatch({ column: 'p' })('x', {})).rejects.toThrow('column p must hold');
  await expect(regexMatch({ column: 'p' })('x', { p: '(' })).rejects.toThrow('Invalid regular expression');
  const evil = regexMatch({ pattern: '^(a+)+$' });
  await expect(evil(`${'a'.repeat(40)}b`, {})).rejects.toMatchObject({ kind: 'timeout' });
  expect(() => regexMatch({})).toThrow('either a column or a pattern');
});

test('jsonSchema', async () => {
  const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
  const reward = jsonSchema({ json: 0.1 });
  expect(await reward('{"n": 3}', { schema })).toBe(1);
  expect(await reward('Here:\n```json\n{"n": 3}\n```\nDone {x}', { schema: JSON.stringify(schema) })).toBe(1);
  expect(await reward('{"n": 3.5}', { schema })).toBe(0.1);
  expect(await reward('{n: 3}', { schema })).toBe(0);
  expect(await jsonSchema({ schema })('So {"n": 1}.', {})).toBe(1);
  await expect(reward('1', {})).rejects.toThrow('column schema must hold a schema, found nothing');
  await expect(reward('1', { schema: { type: 'thing' } })).rejects.toThrow('schema is invalid');
  expect(extractJson('<think>{"a": 1}</think> [2]')).toEqual([2]);
  expect(extractJson('none')).toBeUndefined();
});

test('extractCode takes the last block, closed or not', () => {
  expect(extractCode('a\n```python\nx = 1\n```\nb\n```\ny = 2\n```')).toBe('y = 2');
  expect(extractCode('a\n```js\nlet x\n')).toBe('let x\n');
  expect(extractCode('<think>```\nno\n```</think>x')).toBe('x');
  expect(extractCode('return 1')).toBe('return 1');
});
