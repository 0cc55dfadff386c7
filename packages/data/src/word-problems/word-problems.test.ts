import { trainBPE } from '@attune/tokenizer';
import { describe, expect, test } from 'vitest';
import { type WordProblem, wordProblems } from './index.ts';

/** The numbers and operators of the solution: what must not be shared between train and test. */
const calculation = ({ answer }: WordProblem) =>
  answer
    .split('\n')
    .slice(0, -1)
    .map((line, i) => (i === 0 ? line.split(' = ')[0] : line.split(' ').slice(1, 3).join(' ')))
    .join(', ');

describe.each([1, 2, 3, 4] as const)('difficulty %i', (difficulty) => {
  const train = wordProblems({ count: 2000, difficulty });
  const test_ = wordProblems({ count: 300, difficulty, split: 'test', seed: 77 });

  test('no two problems are alike', () => {
    expect(new Set(train.map(({ question }) => question)).size).toBe(2000);
  });

  test('no calculation of the test split occurs in training', () => {
    const known = new Set(train.map(calculation));
    expect(known.size).toBeGreaterThan(100);
    expect(test_.filter((problem) => known.has(calculation(problem)))).toEqual([]);
  });

  test('every step is right and leads to the answer', () => {
    for (const { question, answer, steps } of [...train, ...test_]) {
      const lines = answer.split('\n');
      expect(lines.length).toBe(steps + 1);
      let value: number | undefined;
      for (const line of lines.slice(0, -1)) {
        const [, left, operator, right, result] = /^(\d+) ([-+*]) (\d+) = (\d+)$/.exec(line)!;
        const [a, b] = [Number(left), Number(right)];
        expect(value ?? a).toBe(a);
        value = operator === '+' ? a + b : operator === '-' ? a - b : a * b;
        expect(value).toBe(Number(result));
        expect(value).toBeGreaterThan(0);
        expect(question).toMatch(new RegExp(`\\b${right}\\b`));
      }
      expect(lines.at(-1)).toBe(`#### ${value}`);
    }
  });

  test('the same seed gives the same problems, another seed others', () => {
    const some = (seed: number) => wordProblems({ count: 50, difficulty, seed });
    expect(some(4)).toEqual(some(4));
    const other = new Set(some(5).map(({ question }) => question));
    expect(some(4).filter(({ question }) => other.has(question)).length).toBeLessThan(10);
  });
});

test('mistakes cut the asked share of solutions short by a step, and change no question', () => {
  const clean = wordProblems({ count: 1000, difficulty: 3 });
  const careless = wordProblems({ count: 1000, difficulty: 3, mistakes: 0.3 });
  expect(careless.map(({ question }) => question)).toEqual(clean.map(({ question }) => question));
  const wrong = careless.filter(({ answer }, i) => answer !== clean[i]!.answer);
  expect(wrong.length).toBeGreaterThan(250);
  expect(wrong.length).toBeLessThan(350);
  for (const { answer, steps } of wrong) expect(answer.split('\n').length).toBe(steps);
  expect(() => wordProblems({ count: 1, mistakes: 2 })).toThrow('mistakes must be from 0 to 1, found 2');
});

test('texts are compact: 40 tokens at most for question and answer at the default difficulty', () => {
  const problems = wordProblems({ count: 2000 });
  const tokenizer = trainBPE(
    problems.map(({ question, answer }) => `${question}\n${answer}`),
    { vocabSize: 512 },
  );
  const longest = (column: 'question' | 'answer') =>
    Math.max(...problems.map((p) => tokenizer.encodeIds(p[column]).length));
  expect(longest('question')).toBeLessThanOrEqual(40);
  expect(longest('answer')).toBeLessThanOrEqual(40);
});

test('every kind of story and operator occurs', () => {
  const problems = wordProblems({ count: 500 });
  for (const word of ['has', 'boxes', 'bus', 'saves', 'buys', 'more than', 'fewer than', 'times as many'])
    expect(
      problems.some(({ question }) => question.includes(word)),
      word,
    ).toBe(true);
  for (const operator of ['+', '-', '*'])
    expect(problems.filter(({ answer }) => answer.includes(` ${operator} `)).length).toBeGreaterThan(50);
});

test('asking for more than there are is an error', () => {
  expect(() => wordProblems({ count: 1e6, difficulty: 1, split: 'test' })).toThrow(
    /difficulty 1 has only about \d+ different test problems, fewer than count 1000000/,
  );
  expect(() => wordProblems({ count: 1, difficulty: 9 as 1 })).toThrow(
    'difficulty must be one of 1, 2, 3, 4, found 9',
  );
});
