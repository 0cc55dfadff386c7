import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { equivalentAnswers } from './equivalent.ts';
import { extractMathAnswer, lastBoxed } from './extract.ts';
import { mathMatch } from './math-match.ts';
import { readAnswer } from './read.ts';
import type { Measure } from './units.ts';

describe('equivalentAnswers', () => {
  const same: [string, string][] = [
    ['1/2', '0.5'],
    ['\\frac12', '0.5'],
    ['\\dfrac{1}{2}', '.5'],
    ['50\\%', '0.5'],
    ['50%', '50'],
    ['1,000', '1000'],
    ['1{,}000', '1000'],
    ['12 cm', '12'],
    ['12\\text{ cm}^2', '12'],
    ['\\sqrt{12}', '2\\sqrt3'],
    ['2\\pi', '6.283185307'],
    ['\\{1,2\\}', '\\{2,1\\}'],
    ['(1,2)', '(1, 2)'],
    ['1,2', '2,1'],
    ['x=5', '5'],
    ['x = 1 \\text{ or } x = 2', '1,2'],
    ['3 \\pm \\sqrt{2}', '3+\\sqrt2, 3-\\sqrt2'],
    ['(-\\infty, 3]', 'x \\le 3'],
    ['1 < x \\leq 3', '(1,3]'],
    ['y=2x+3', '2x-y=-3'],
    ['y=2x+3', '2x+3'],
    ['(x+1)^2', 'x^2+2x+1'],
    ['\\sin^2 x + \\cos^2 x', '1'],
    ['3\\frac{1}{2}', '3.5'],
    ['3 1/2', '7/2'],
    ['0.333333', '1/3'],
    ['\\text{Monday}', 'monday'],
    ['30^\\circ', '30'],
    ['\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}', '\\begin{bmatrix}1&2\\\\3&4\\end{bmatrix}'],
    ['\\$5', '5'],
    ['$5', '5'],
    ['(1,200)', '1200'],
    ['(-1,2)\\cup(3,\\infty)', '(3,\\infty)\\cup(-1,2)'],
    ['\\frac{\\sqrt{3}}{2}', '\\sqrt{3}/2'],
    ['e^{i\\pi}', '-1'],
    ['\\log_2 8', '3'],
    ['\\binom{5}{2}', '10'],
    ['5!', '120'],
    ['|x-1|', '|1-x|'],
    ['101_2', '5'],
    ['11\\sqrt2', '\\sqrt{242}'],
    ['x^{-1}', '1/x'],
    ['\\frac{1}{x+1}', '1/(1+x)'],
    ['100000000000000000001', '100000000000000000001'],
    ['2^{100}', '1267650600228229401496703205376'],
    ['5 \\text{ dollars}', '\\$5.00'],
    ['p(x)=x^2', 'x^2'],
    ['\\left(\\frac{1}{2}, 3\\right)', '(0.5,3)'],
    ['(A)', 'A'],
    ['six hours', 'six hours'],
    ['1, 2, and 3', '\\{1,2,3\\}'],
    ['x \\in [0,1]', '[0,1]'],
    ['\\tan^{-1}(1)', '\\pi/4'],
    ['10^{-3}', '0.001'],
    ['1.5e3', '1500'],
    ['-2\\frac13', '-7/3'],
    ['-2 1/3', '-\\frac{7}{3}'],
    ['0.\\overline{3}', '1/3'],
    ['1.1\\dot{6}', '7/6'],
    ['{5 \\choose 2}', '10'],
    ['\\emptyset', '\\{\\}'],
    ['1 000 000', '1000000'],
    ['\\mathbb{R}', '\\mathbb R'],
    ['2^{2000}', '4^{1000}'],
    ['100 cm', '1\\text{ m}'],
    ['25 cm^2', '25 \\text{ square centimeters}'],
    ['90\\text{ minutes}', '1.5 hours'],
    ['\\$0.50', '50 cents'],
    ['1 litre', '1000 cm^3'],
    ['12 apples', '12 pieces'],
  ];
  test.each(same)('%s is %s', (a, b) => {
    expect([equivalentAnswers(a, b), equivalentAnswers(b, a)]).toEqual([true, true]);
  });

  const different: [string, string][] = [
    ['1/2', '0.6'],
    ['0.3333', '1/3'],
    ['1000000', '1000001.0'],
    ['1234567', '1234568.0'],
    ['0.0000001', '0.0000002'],
    ['[1,2]', '(1,2)'],
    ['(1,2)', '(2,1)'],
    ['x', 'y'],
    ['\\{1,2\\}', '\\{1,3\\}'],
    ['100000000000000000001', '100000000000000000002'],
    ['cat', 'act'],
    ['x<3', 'x>3'],
    ['y=2x', 'y=3x'],
    ['', '1'],
    ['\\sqrt{x^2}', 'x'],
    ['2', '-2'],
    ['\\pm 2', '2'],
    ['1,2', '1,2,3'],
    ['ab', 'ba c'],
    ['\\infty', '-\\infty'],
    ['1/0', '2/0'],
    ['2x+3<0', '2x+3>0'],
    ['Monday', 'Tuesday'],
    ['B', 'C'],
    ['1000', '1,0000'],
    ['\\frac{1}{23}', '\\frac{12}{3}'],
    ['2^{1}0', '2^{10}'],
    ['\\sqrt{2}3', '\\sqrt{23}'],
    ['21/3', '2 1/3'],
    ['-2\\frac13', '-5/3'],
    ['10^{1000}', '10^{1001}'],
    ['2^{2000}', '2^{2001}'],
    ['5 cm', '5 m'],
    ['5 cm', '5 cm^2'],
    ['3 hours', '3\\text{ minutes}'],
    ['\\$5', '5\\text{ cents}'],
    ['5 kg', '5 m'],
  ];
  test.each(different)('%s is not %s', (a, b) => {
    expect([equivalentAnswers(a, b), equivalentAnswers(b, a)]).toEqual([false, false]);
  });

  test('agrees with math-verify', () => {
    const { pairs } = JSON.parse(
      readFileSync(new URL('../fixtures/math-equivalence.json', import.meta.url), 'utf8'),
    ) as { pairs: [gold: string, answer: string, verdict: boolean][] };
    // The reference ignores units. Here two that disagree make answers differ.
    const disagree = (a?: Measure, b?: Measure) =>
      a && b && (a.dimension !== b.dimension || a.factor !== b.factor);
    const sameUnits = pairs.filter(
      ([gold, answer]) => !disagree(readAnswer(gold).unit, readAnswer(answer).unit),
    );
    expect(pairs.length - sameUnits.length).toBeLessThan(20);
    const differing = sameUnits.filter(
      ([gold, answer, verdict]) => equivalentAnswers(answer, gold) !== verdict,
    );
    // The reference takes a set for a pair, but no pair for a set; here neither is the other.
    expect(differing).toEqual([['(1,2)', '\\left\\{1, 2\\right\\}', true]]);
    expect(pairs.length).toBeGreaterThan(500);
  });

  test('nothing that an answer holds makes trouble', () => {
    const nested = (n: number) => `${'('.repeat(n)}1${')'.repeat(n)}`;
    const hard = [
      '\\frac',
      '\\sqrt',
      '{',
      '}',
      '\\boxed',
      '^',
      '_',
      '((',
      '|',
      '\\begin{pmatrix}',
      '1,,2',
      '\\',
      '%',
      '$$',
      '9'.repeat(5000),
      nested(3000),
      `${'-'.repeat(1000)}1`,
      `${'2^'.repeat(500)}2`,
      '\\frac{'.repeat(300),
      'x_',
      'x_{',
      '1 2 3',
      '\\end{pmatrix}',
      '10_99',
      '~',
      '9^{9^{9^9}}',
      '170!!',
      '\\binom{10000000}{5000000}',
      '\0',
      '\ud800',
      'constructor',
      '__proto__',
      '\\constructor(1)',
      '\\toString',
    ];
    for (const text of hard) {
      expect(() => readAnswer(text)).not.toThrow();
      expect(equivalentAnswers(text, '12345')).toBe(false);
    }
    expect(equivalentAnswers(nested(50), '1')).toBe(true);
  });

  test('random texts never make it throw', () => {
    const pieces = [
      '\\frac',
      '{',
      '}',
      '1',
      '2.5',
      'x',
      '^',
      '_',
      '(',
      ')',
      '[',
      ']',
      ',',
      '\\sqrt',
      '-',
      '=',
      '<',
      '\\pm',
      '|',
      '%',
      '!',
      '\\text{',
      ' ',
      '\\cup',
      '\\begin{pmatrix}',
      '&',
      '\\\\',
      '\\end{pmatrix}',
      '\\{',
      '\\}',
      'sin',
      'log',
    ];
    let state = 7;
    const next = () => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return state >> 8;
    };
    for (let i = 0; i < 3000; i++) {
      const text = Array.from({ length: 1 + (next() % 12) }, () => pieces[next() % pieces.length]).join('');
      const verdict = equivalentAnswers(text, 'x+1');
      expect(typeof verdict, text).toBe('boolean');
    }
  });
});

describe('extractMathAnswer', () => {
  test.each([
    ['So \\boxed{\\frac{1}{\\sqrt{2}}}.', '\\frac{1}{\\sqrt{2}}'],
    ['\\boxed{1} or rather \\boxed{\\{a, b\\}}', '\\{a, b\\}'],
    ['\\boxed 7 it is', '7'],
    ['\\fbox{3}', '3'],
    ['<think>\\boxed{1}</think> It is $2$.', '2'],
    ['a <answer> 5 </answer> b', '5'],
    ['6 * 7 = 42\n#### 42', '42'],
    ['The answer is 3.5. It is not 4.', '3.5'],
    ['**Answer:** $\\frac12$ apples', '\\frac12'],
    ['the final answer is: \\(x+1\\).', 'x+1'],
    ['We get $a$, then $b^2$.', 'b^2'],
    ['First 3, then 1,234 coins', '1,234'],
    ['The answer is 10 because 2 * 5 = 10', '10'],
    ['No idea', undefined],
    ['\\boxed{never closed', undefined],
  ])('%j states %j', (solution, answer) => {
    expect(extractMathAnswer(solution)).toBe(answer);
  });

  test('in a box only, when asked', () => {
    expect(extractMathAnswer('The answer is 3.', 'boxed')).toBeUndefined();
    expect(lastBoxed('none')).toBeUndefined();
    expect(lastBoxed('\\boxed{\\}}')).toBe('\\}');
  });
});

test('mathMatch', () => {
  const reward = mathMatch({ correct: 1, wrong: -0.5, missing: -1 });
  const row = { answer: 'Since \\ldots the answer is \\boxed{\\frac{3}{4}}.' };
  expect(reward('Thus \\boxed{0.75}', row)).toBe(1);
  expect(reward('Thus 75%', row)).toBe(-0.5); // the last number is 75
  expect(reward('The answer is 75%.', row)).toBe(1);
  expect(reward('\\boxed{}', row)).toBe(-1);
  expect(reward('no', row)).toBe(-1);
  expect(mathMatch({ place: 'boxed' })('0.75', row)).toBe(0);
  expect(mathMatch({ answer: 'n' })('#### 5', { n: 5 })).toBe(1);
  expect(() => reward('1', { answer: '####' })).toThrow(
    'mathMatch: the reference holds no answer, found "####"',
  );
});
