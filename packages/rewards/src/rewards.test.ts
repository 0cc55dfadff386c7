import { readFileSync } from 'node:fs';
import { format } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import {
  combine,
  exactMatch,
  extractTag,
  gsm8k,
  lastNumber,
  matchesFormat,
  numberMatch,
  parseNumber,
  rewards,
  sameAnswer,
  scoreAll,
  thinkFormat,
} from './index.ts';

const row = { question: 'q', answer: 'She has 40 + 32 = 72.\n#### 72' };

describe('gsm8k', () => {
  const options = { correct: 1, format: 0.1 };
  const cases: [completion: string, strict: number, flexible: number][] = [
    ['#### 72', 1, 1],
    ['40 + 32 = 72\n#### 72', 1, 1],
    ['####72.00 ', 1, 1],
    ['#### $72', 1, 1],
    ['#### 71', 0.1, 0.1],
    ['#### 71\nNo: #### 72', 1, 1],
    ['#### 72 of 80', 1, 0.1],
    ['It is 72.', 0, 1],
    ['It is 71, not 72?! 73', 0, 0.1],
    ['#### seventy-two', 0, 0],
    ['72 ####', 0, 1],
    ['####\n72', 0, 1],
    ['', 0, 0],
    ['#### -72', 0.1, 0.1],
    ['#### 7,2', 0.1, 0.1],
  ];
  test.each(cases)('%j: strict %d, flexible %d', (completion, strict, flexible) => {
    expect(gsm8k({ ...options, mode: 'strict' })(completion, row)).toBe(strict);
    expect(gsm8k({ ...options, mode: 'flexible' })(completion, row)).toBe(flexible);
  });

  test('the reference may be the bare answer, in any column', () => {
    expect(gsm8k({ answer: 'target' })('#### 1,000', { target: 1000 })).toBe(1);
    expect(gsm8k({ answer: 'target' })('#### 1,000', { target: '1000.0' })).toBe(1);
    expect(() => gsm8k()('#### 1', { target: '1' })).toThrow(
      'reward: column answer must hold a string or number, found nothing',
    );
  });

  test('defaults: strict, 1 or 0', () => {
    expect(gsm8k()('#### 72', row)).toBe(1);
    expect(gsm8k()('#### 71', row)).toBe(0);
    expect(gsm8k()('72', row)).toBe(0);
  });
});

describe('numbers', () => {
  const parsed: [string, number | undefined][] = [
    ['72', 72],
    ['72.0', 72],
    ['72.', 72],
    ['-3', -3],
    ['−3', -3],
    ['+3', 3],
    ['1,234,567.5', 1234567.5],
    ['$5', 5],
    ['-$5', -5],
    ['$ 1,000', 1000],
    ['50%', 50],
    ['3/4', 0.75],
    ['-1/2', -0.5],
    ['.5', 0.5],
    [' 8 ', 8],
    ['007', 7],
    ['', undefined],
    ['abc', undefined],
    ['1/0', undefined],
    ['12 apples', undefined],
    ['1,23', undefined],
    ['-', undefined],
    ['1.2.3', undefined],
    ['$', undefined],
  ];
  test.each(parsed)('parseNumber(%j) is %s', (text, value) => {
    expect(parseNumber(text)).toBe(value);
  });

  test.each([
    ['5 - 3 = 2.', '2'],
    ['10-3', '3'],
    ['(4)-3', '3'],
    ['It fell to -3', '-3'],
    ['He pays $1,250.50.', '$1,250.50'],
    ['in 1990, 12,34', '34'],
    ['half, 1/2!', '1/2'],
    ['none', undefined],
  ])('the last number of %j is %s', (text, number) => {
    expect(lastNumber(text)).toBe(number);
  });

  test('sameAnswer compares numbers by value and other texts as they are', () => {
    expect(sameAnswer('1,000', '$1000.00')).toBe(true);
    expect(sameAnswer('0.333333', '1/3')).toBe(false);
    expect(sameAnswer('0.75', '3/4')).toBe(true);
    expect(sameAnswer('0', '0.000001')).toBe(false);
    expect(sameAnswer(' blue', 'blue ')).toBe(true);
    expect(sameAnswer('blue', '3')).toBe(false);
  });
});

test('exactMatch and numberMatch', () => {
  expect(exactMatch()(' Paris\n', { answer: 'Paris' })).toBe(1);
  expect(exactMatch()('paris', { answer: 'Paris' })).toBe(0);
  expect(exactMatch({ ignoreCase: true })('paris', { answer: 'Paris' })).toBe(1);
  expect(exactMatch({ extract: extractTag })('x <answer> Paris </answer>', { answer: 'Paris' })).toBe(1);
  expect(exactMatch({ extract: extractTag })('Paris', { answer: 'Paris' })).toBe(0);
  expect(numberMatch()('so 3, then 1,000.', { answer: 1000 })).toBe(1);
  expect(numberMatch()('so 1000, then 3', { answer: 1000 })).toBe(0);
  expect(numberMatch()('nothing', { answer: 1000 })).toBe(0);
});

describe('formats', () => {
  test('a pattern, whatever its flags', () => {
    const reward = matchesFormat(/^#### \d+$/gm);
    for (let i = 0; i < 3; i++) expect(reward('a\n#### 5', {})).toBe(1);
    expect(reward('#### five', {})).toBe(0);
  });

  const good = '<think>\na\nb</think>\n<answer>4</answer>';
  test.each([
    [good, 1],
    [`\n${good}\n`, 1],
    [`${good} Bye.`, 0],
    [`Hi. ${good}`, 0],
    ['<think>a</think>', 0],
    ['<answer>4</answer><think>a</think>', 0],
    ['<think>a</think><think>b</think><answer>4</answer>', 0],
    ['<think>a</think><answer> </answer>', 0],
    ['<think>a</think> so <answer>4</answer>', 0],
  ])('thinkFormat of %j is %d', (completion, score) => {
    expect(thinkFormat()(completion, {})).toBe(score);
  });

  test('extractTag takes the last one', () => {
    expect(extractTag('<answer>1</answer><answer> 2 </answer>')).toBe('2');
    expect(extractTag('<answer>1')).toBeUndefined();
    expect(extractTag('<x>1</x>', 'x')).toBe('1');
  });
});

describe('combine', () => {
  const slow = async (completion: string) => completion.length;
  const score = combine([
    { name: 'length', reward: slow, weight: 0.5 },
    { name: 'gsm8k', reward: gsm8k() },
  ]);

  test('adds by weight and keeps the parts', async () => {
    const { total, parts } = await score(['#### 72', 'abc'], [row, row]);
    expect([...total]).toEqual([4.5, 1.5]);
    expect(Object.fromEntries(Object.entries(parts).map(([name, values]) => [name, [...values]]))).toEqual({
      length: [7, 3],
      gsm8k: [1, 0],
    });
  });

  test('refuses what makes no sense', async () => {
    const nan = () => Number.NaN;
    await expect(scoreAll(slow, ['a'], [])).rejects.toThrow('found 1 completions for 0 rows');
    expect(() => combine([])).toThrow('needs at least one reward');
    expect(() =>
      combine([
        { name: 'a', reward: nan },
        { name: 'a', reward: nan },
      ]),
    ).toThrow('two rewards are called a');
  });
});

test('built-in rewards by name', () => {
  expect(rewards.gsm8k({ mode: 'flexible' })('72', row)).toBe(1);
  expect(rewards.format({ pattern: '^a.b$' })('a\nb', row)).toBe(1);
  expect(rewards['think-format']()('<think>a</think><answer>4</answer>', row)).toBe(1);
  expect(rewards['exact-match']({ answer: 'question' })('q', row)).toBe(1);
  expect(rewards.number({ answer: 'n' })('so 5', { n: 5 })).toBe(1);
});

test.each([
  ['score-answers', /^1.1, 1.0, 0.0/],
  ['check-math', /=.*=.*=.*=.*=.*≠.*\n1$/s],
  [
    'judge-answers',
    /consistent: false.*0.89 \[ 1, 0 \] judge \(unparsable\): 1, e.g. judge toy: no verdict/s,
  ],
])('the README shows examples/%s.ts, which runs', async (name, output) => {
  const example = readFileSync(new URL(`../examples/${name}.ts`, import.meta.url), 'utf8');
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(example);
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import(`../examples/${name}.ts`);
  expect(log.mock.calls.map((line) => format(...line)).join('\n')).toMatch(output);
  log.mockRestore();
});
