import { rmSync } from 'node:fs';
import { evaluate, perplexity, type Task } from '@attune/eval';
import { generate, loadPretrained, type Pretrained } from '@attune/inference';
import { sum, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyModelFolder } from '../../serve/test/tiny-folder.ts';
import { languageModel, slidingWindows } from './language-model.ts';

let dir: string;
let pretrained: Pretrained;

beforeAll(async () => {
  dir = await tinyModelFolder();
  pretrained = loadPretrained(dir);
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('slidingWindows', () => {
  it.each([
    [10, 1, 4, 4],
    [10, 1, 4, 2],
    [10, 3, 4, 1],
    [3, 1, 8, 8],
    [30, 12, 8, 5],
    [9, 1, 8, 8],
    [10, 1, 8, 8],
  ])(
    '%i tokens from %i, context %i, stride %i: each token once, from no more than the context',
    (length, from, context, stride) => {
      const ids = Array.from({ length }, (_, i) => 100 + i);
      const windows = slidingWindows(ids, from, { context, stride });
      expect(windows.flatMap((window) => window.ids.slice(window.from))).toEqual(ids.slice(from));
      for (const window of windows) {
        expect(window.ids.length - 1).toBeLessThanOrEqual(context);
        expect(window.from).toBeGreaterThanOrEqual(1);
      }
      // Later windows see at least what the stride leaves of the context.
      for (const window of windows.slice(1))
        expect(window.from).toBeGreaterThan(Math.min(context - stride, from - 1));
    },
  );
});

describe('logLikelihood', () => {
  it('is what the model says, token by token', async () => {
    const { model, tokenizer } = pretrained;
    const text = 'the cat sat on the mat';
    const ids = tokenizer.encodeIds(text);
    const inputIds = tensor2d([ids.slice(0, -1)], undefined, 'int32');
    const labels = tensor2d([ids.slice(1)], undefined, 'int32');
    const expected = tidy(() => sum(model.logProbs({ inputIds }, labels)).dataSync()[0]!);
    const [found] = await languageModel(pretrained).logLikelihood([{ prompt: '', completion: text }]);
    expect(found!.tokens).toBe(ids.length - 1);
    expect(found!.logProb).toBeCloseTo(expected, 3);
  });

  it('of a long text is finite and counts every token', async () => {
    const text = 'the cat sat on the mat, hello there. '.repeat(30);
    const {
      tokens,
      perplexity: value,
      bytes,
    } = await perplexity(languageModel(pretrained, { stride: 64 }), [text]);
    expect(tokens).toBe(pretrained.tokenizer.encodeIds(text).length - 1);
    expect(bytes).toBe(text.length);
    expect(value).toBeGreaterThan(10);
  });
});

describe('generate', () => {
  const rows = Array.from({ length: 7 }, (_, i) => ({ question: `the cat ${i}` }));
  const task: Task = {
    name: 'length',
    rows,
    prompt: ({ question }) => String(question),
    score: (completion) => (completion.length % 2 === 0 ? 1 : 0),
  };

  it('gives scores that no batch size changes', async () => {
    const settings = { samples: 3, temperature: 1, maxNewTokens: 12, seed: 5 };
    const model = languageModel(pretrained);
    const results = await Promise.all(
      [1, 4, 64].map((batchSize) => evaluate(model, task, { ...settings, batchSize })),
    );
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    expect(new Set(results[0]!.examples.flatMap(({ completions }) => completions)).size).toBeGreaterThan(10);
  });

  it('sends a message through the template, or the raw text', async () => {
    const { model, tokenizer, prompts, text } = pretrained;
    const request = { n: 1, firstPrompt: 0, maxNewTokens: 8, seed: 1, temperature: 1 };
    for (const raw of [true, false]) {
      const ids = raw ? tokenizer.encodeIds('hello') : prompts.encode('hello');
      const [expected] = await generate(model, [ids], { ...request, tokenizer: text });
      expect(await languageModel(pretrained, { raw }).generate(['hello'], request)).toEqual([
        [expected!.text],
      ]);
    }
  });
});
