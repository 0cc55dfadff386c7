import { applyLora, mergeLora } from '@attune/models';
import { fill, memory, reverse, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { useTestBackend } from '../test/backend.ts';
import { letters, tinyModel } from '../test/tiny-model.ts';
import { type GenerateOptions, generate, stream } from './generate.ts';
import { generateUncached } from './generate-uncached.ts';
import type { Generation, TokenEvent } from './generation-options.ts';

await useTestBackend();

const prompts = [[1, 2, 3], [4], [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22], [2, 2]];

function expectSame(found: Generation[], expected: Generation[]): void {
  const exact = ({ logProbs, topLogProbs, ...rest }: Generation) => ({
    ...rest,
    topIds: topLogProbs?.map((top) => top.map(({ id }) => id)),
  });
  expect(found.map(exact)).toEqual(expected.map(exact));
  for (const [i, { logProbs }] of found.entries()) {
    for (const [t, p] of logProbs.entries()) expect(p).toBeCloseTo(expected[i]!.logProbs[t]!, 3);
  }
}

describe('generate', () => {
  const model = tinyModel();
  it.each<GenerateOptions>([
    { maxNewTokens: 12, seed: 5 },
    { maxNewTokens: 12, temperature: 0 },
    { maxNewTokens: 10, n: 3, temperature: 0.7, topK: 10, topP: 0.9, seed: 6 },
    {
      maxNewTokens: 12,
      n: 2,
      repetitionPenalty: 1.5,
      presencePenalty: 0.5,
      logitBias: { 7: 2 },
      topLogProbs: 3,
    },
    { maxNewTokens: 20, n: 4, stopIds: [3, 4, 5, 6], seed: 9 },
    { maxNewTokens: 20, n: 2, stop: ['ab', 'x', 'cc'], tokenizer: letters, seed: 2 },
    { maxNewTokens: 9, n: 5, maxBatch: 2, seed: 11 },
  ])('samples what the uncached twin does: %j', async (options) => {
    const expected = await generateUncached(model, prompts, options);
    expectSame(await generate(model, prompts, options), expected);
    expect(expected.some(({ finishReason }) => finishReason === 'stop')).toBe(
      'stop' in options || 'stopIds' in options,
    );
  });

  it('gives each sample its own draws, whatever shares its batch', async () => {
    const options = { maxNewTokens: 8, seed: 3 };
    const together = await generate(model, prompts, { ...options, n: 2 });
    expect(together.map(({ prompt, sample }) => [prompt, sample]).slice(0, 3)).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
    ]);
    expect(together[0]!.ids).not.toEqual(together[1]!.ids);
    const alone = await generate(model, [prompts[2]!], { ...options, firstCounter: 5 });
    expect(alone[0]!.ids).toEqual(together[5]!.ids);
  });

  it('records the log-probabilities that training computes', async () => {
    const generations = await generate(model, prompts, {
      n: 2,
      maxNewTokens: 12,
      temperature: 0.8,
      topK: 20,
      seed: 4,
    });
    for (const { prompt, ids, logProbs } of generations) {
      const all = [...prompts[prompt]!, ...ids];
      const trained = tidy(() =>
        model
          .logProbs({ inputIds: row(all.slice(0, -1)) }, row(all.slice(1)))
          .dataSync()
          .slice(-ids.length),
      );
      for (const [i, p] of logProbs.entries()) expect(Math.abs(p - trained[i]!)).toBeLessThan(1e-5);
    }
  });

  it('sees weights that changed since the last call', async () => {
    const changing = tinyModel();
    const before = await generate(changing, prompts, { temperature: 0, maxNewTokens: 8 });
    const embedding = changing.params['model.embed_tokens.weight']!;
    tidy(() => embedding.assign(reverse(embedding, 0)));
    const after = await generate(changing, prompts, { temperature: 0, maxNewTokens: 8 });
    expect(after).not.toEqual(before);
    expectSame(after, await generateUncached(changing, prompts, { temperature: 0, maxNewTokens: 8 }));
  });

  it('follows adapters as they come and go', async () => {
    const adapted = tinyModel();
    const options = { temperature: 0, maxNewTokens: 8 };
    const plain = await generate(adapted, prompts, options);
    applyLora(adapted, { rank: 2, alpha: 16, seed: 3 });
    for (const [name, parameter] of Object.entries(adapted.params)) {
      if (name.endsWith('lora_B.weight')) parameter.assign(fill(parameter.shape, 0.3));
    }
    const withAdapters = await generate(adapted, prompts, options);
    expect(withAdapters).not.toEqual(plain);
    expectSame(withAdapters, await generateUncached(adapted, prompts, options));
    mergeLora(adapted);
    expectSame(await generate(adapted, prompts, options), withAdapters);
  });

  it('fills the context and says so', async () => {
    const [generation] = await generate(model, [Array.from({ length: 60 }, (_, i) => i % 40)], {
      maxNewTokens: 50,
    });
    expect(generation).toMatchObject({ finishReason: 'length' });
    expect(generation!.ids).toHaveLength(4);
  });

  it('leaves no tensors behind', async () => {
    await generate(model, prompts, { n: 2, maxNewTokens: 4 });
    const before = memory().numTensors;
    await generate(model, prompts, { n: 2, maxNewTokens: 4 });
    expect(memory().numTensors).toBe(before);
  });

  it.each([
    [[[1], []], {}, 'prompt 1 must have at least one token'],
    [[Array.from({ length: 64 }, () => 1)], {}, "prompt has 64 tokens, but the model's context holds 64"],
    [[[1, 40]], {}, 'prompt holds the token id 40'],
    [[[1]], { n: 0 }, 'n must be a whole number, at least 1, found 0'],
    [[[1]], { maxNewTokens: 0 }, 'maxNewTokens must be a whole number, at least 1, found 0'],
    [[[1]], { stop: ['x'] }, 'stop strings need a tokenizer'],
    [[[1]], { logitBias: { 99: 1 } }, 'logitBias[99]: the model has 40 tokens'],
    [[[1]], { topP: 3 }, 'topP must be above 0 and at most 1, found 3'],
  ])('refuses %j with %j', async (bad, options, message) => {
    await expect(generate(model, bad, options)).rejects.toThrow(message);
  });

  it('gives the same when it computes in this thread, and lets the event loop go on between tokens', async () => {
    const options: GenerateOptions = { maxNewTokens: 12, n: 2, seed: 5 };
    const beside = await generate(model, prompts, options);
    let turns = 0;
    let waits = true;
    const count = () => {
      turns++;
      if (waits) setImmediate(count);
    };
    setImmediate(count);
    const found = await generate(model, prompts, { ...options, synchronous: true });
    waits = false;
    expect(found).toEqual(beside);
    expect(turns).toBeGreaterThanOrEqual(11);
  });

  it('stops when aborted, with what there is', async () => {
    const abort = new AbortController();
    const onToken = ({ sample }: TokenEvent) => sample === 0 && ++seen === 3 && abort.abort();
    let seen = 0;
    const found = await generate(model, [[1]], { n: 2, maxNewTokens: 30, onToken, signal: abort.signal });
    expect(found.map(({ finishReason, ids }) => [finishReason, ids.length])).toEqual([
      ['cancelled', 3],
      ['cancelled', 3],
    ]);
  });

  it('passes on the failure of a callback', async () => {
    const onToken = () => {
      throw new Error('no room');
    };
    await expect(generate(model, prompts, { onToken })).rejects.toThrow('no room');
  });
});

describe('stream', () => {
  it('yields the tokens and texts of the whole', async () => {
    const model = tinyModel();
    const options = { maxNewTokens: 16, seed: 2, tokenizer: letters, stop: ['zz'] };
    const [whole] = await generate(model, [[1, 2]], options);
    const events = [];
    for await (const event of stream(model, [1, 2], options)) events.push(event);
    expect(events.map(({ id }) => id)).toEqual(whole!.ids);
    expect(events.map(({ text }) => text).join('')).toBe(whole!.text);
    expect(events.map(({ finishReason }) => finishReason).filter(Boolean)).toEqual([whole!.finishReason]);
  });

  it('stops computing when the loop is left', async () => {
    const model = tinyModel();
    const before = memory().numTensors;
    for await (const { id } of stream(model, [1, 2], { maxNewTokens: 60 })) if (id >= 0) break;
    await vi.waitFor(() => expect(memory().numTensors).toBe(before));
  });
});

function row(ids: number[]) {
  return tensor2d([ids], undefined, 'int32');
}
