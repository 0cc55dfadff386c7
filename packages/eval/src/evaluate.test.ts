import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { evaluate } from './evaluate.ts';
import type { GenerateRequest, LanguageModel, TaskPrompt } from './language-model.ts';
import { gsm8kTask, wordProblemsTask } from './tasks/gsm8k.ts';

const rows = Array.from({ length: 10 }, (_, i) => ({
  question: `${i} + 1?`,
  answer: `${i} + 1 = ${i + 1}\n#### ${i + 1}`,
}));

/** Answers right when a number drawn from (seed, counter) says so. */
class Guesser implements LanguageModel {
  readonly requests: GenerateRequest[] = [];

  async generate(prompts: readonly TaskPrompt[], request: GenerateRequest): Promise<string[][]> {
    this.requests.push(request);
    return prompts.map((prompt, p) =>
      Array.from({ length: request.n }, (_, s) => {
        const counter = (request.firstPrompt + p) * request.n + s;
        const draw = Math.abs(Math.sin(counter * 12.9898 + (request.seed ?? 0) * 78.233) * 43758.5453) % 1;
        const right = Number.parseInt(String(prompt), 10) + 1;
        return draw < 0.6 ? `#### ${right}` : draw < 0.8 ? `#### ${right + 1}` : 'I do not know';
      }),
    );
  }

  logLikelihood = () => Promise.reject(new Error('unused'));
}

describe('evaluate', () => {
  test('reports pass@1, pass@n, maj@n with their intervals', async () => {
    const result = await evaluate(new Guesser(), gsm8kTask(rows), { samples: 8, temperature: 1 });
    expect(result).toMatchObject({
      task: 'gsm8k',
      problems: 10,
      samples: 8,
      settings: { temperature: 1, topP: 1, seed: 0 },
    });
    expect(Object.keys(result.scores)).toEqual(['pass@1', 'pass@8', 'maj@8']);
    const share = result.examples.flatMap(({ scores }) => scores).reduce((a, b) => a + b) / 80;
    expect(share).toBeGreaterThan(0.3);
    expect(result.scores['pass@1']!.value).toBeCloseTo(share, 12);
    for (const { value, low, high } of Object.values(result.scores)) {
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
    }
    expect(result.scores['maj@8']!.value).toBeGreaterThan(share);
    expect(result.examples[3]).toMatchObject({ prompt: '3 + 1?', reference: rows[3]!.answer });
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  test('the batch size changes nothing', async () => {
    const options = { samples: 4, temperature: 1, seed: 5 };
    const whole = await evaluate(new Guesser(), gsm8kTask(rows), options);
    for (const batchSize of [1, 3, 10])
      expect(await evaluate(new Guesser(), gsm8kTask(rows), { ...options, batchSize })).toEqual(whole);
    expect(await evaluate(new Guesser(), gsm8kTask(rows), { ...options, seed: 6 })).not.toEqual(whole);
  });

  test('limits, progress and what is kept', async () => {
    const onProgress = vi.fn();
    const result = await evaluate(new Guesser(), wordProblemsTask(rows), {
      limit: 5,
      batchSize: 2,
      keep: 1,
      onProgress,
    });
    expect(result.task).toBe('word-problems');
    expect(onProgress.mock.calls).toEqual([
      [2, 5],
      [4, 5],
      [5, 5],
    ]);
    expect(result.examples.length).toBe(1);
    expect(Object.keys(result.scores)).toEqual(['pass@1']);
  });

  test("the task's own sampling yields to the caller's", async () => {
    const model = new Guesser();
    const task = gsm8kTask(rows, { examples: rows.slice(0, 2) });
    await evaluate(model, task, { limit: 1 });
    await evaluate(model, task, { limit: 1, stop: ['!'], maxNewTokens: 9 });
    expect(model.requests[0]).toMatchObject({ stop: ['\n\nQuestion:'], temperature: 0 });
    expect(model.requests[1]).toMatchObject({ stop: ['!'], maxNewTokens: 9 });
  });

  test('mistakes are named before any work', async () => {
    const model = new Guesser();
    const run = (options: object) => evaluate(model, gsm8kTask(rows), options);
    await expect(run({ samples: 4, passAt: [8] })).rejects.toThrow(
      'gsm8k: pass@k and maj@k need k from 1 to samples 4, found 8',
    );
    await expect(run({ limit: 0 })).rejects.toThrow('gsm8k: there are no problems to evaluate');
    expect(model.requests).toEqual([]);
    const broken = { ...gsm8kTask(rows), score: () => Number.NaN };
    await expect(evaluate(model, broken)).rejects.toThrow(
      'gsm8k: scores must be between 0 and 1, found NaN for',
    );
  });
});

describe('the GSM8K task', () => {
  test('asks with and without examples', () => {
    expect(gsm8kTask(rows).prompt(rows[0]!)).toBe('0 + 1?');
    expect(gsm8kTask(rows, { examples: rows.slice(1, 2) }).prompt(rows[0]!)).toBe(
      'Question: 1 + 1?\nAnswer: 1 + 1 = 2\n#### 2\n\nQuestion: 0 + 1?\nAnswer:',
    );
  });

  test('tells answers apart by their value', () => {
    const { answer } = gsm8kTask(rows);
    expect(['#### 1,000', '#### 1000.0', 'a\n#### $1000', '1000'].map((text) => answer!(text, {}))).toEqual([
      '1000',
      '1000',
      '1000',
      undefined,
    ]);
  });

  test('refuses rows it cannot score', () => {
    expect(() => gsm8kTask([{ answer: '1' }])).toThrow('gsm8k: row 0 has no question');
    expect(() => gsm8kTask([rows[0]!, { question: 'q', answer: 'blue' }])).toThrow(
      'gsm8k: row 1 has no answer that is a number, found "blue"',
    );
  });
});

test('the example of the README is examples/evaluate-any-model.ts, and runs', async () => {
  const example = readFileSync(new URL('../examples/evaluate-any-model.ts', import.meta.url), 'utf8');
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(example);
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('../examples/evaluate-any-model.ts');
  expect(log.mock.calls).toEqual([['pass@1 50.0% (9.5% – 90.5%)']]);
});
