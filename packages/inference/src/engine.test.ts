import { getBackend, memory } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { useTestBackend } from '../test/backend.ts';
import { letters, tinyModel } from '../test/tiny-model.ts';
import { Engine, EngineClosedError, QueueFullError } from './engine.ts';
import { generate } from './generate.ts';

await useTestBackend();

describe('Engine', () => {
  it('gives each request what it would get alone, when they overlap in every way', async () => {
    const model = tinyModel();
    const engine = new Engine(model, { maxBatch: 4 });
    const specs = [
      { prompt: [1, 2, 3], options: { seed: 1, maxNewTokens: 20 } },
      { prompt: [4], options: { seed: 2, maxNewTokens: 3, n: 2 } },
      { prompt: [5, 6, 7, 8, 9], options: { seed: 3, maxNewTokens: 11, temperature: 0.5, topK: 4 } },
      { prompt: Array.from({ length: 30 }, (_, i) => i), options: { seed: 4, maxNewTokens: 34 } },
      { prompt: [9, 9], options: { seed: 5, maxNewTokens: 7, n: 4 } },
      { prompt: [10], options: { seed: 6, maxNewTokens: 12 } },
    ];
    const results = specs.map(async ({ prompt, options }, i) => {
      await steps(i * 3);
      return engine.submit(prompt, options).result;
    });
    for (const [i, { prompt, options }] of specs.entries()) {
      const alone = await generate(model, [prompt], options);
      expect((await results[i]!).map(({ ids }) => ids)).toEqual(alone.map(({ ids }) => ids));
    }
    expect(engine.load).toEqual({ running: 0, queued: 0 });
  });

  it('streams events that end with the reason', async () => {
    const engine = new Engine(tinyModel());
    const request = engine.submit([1, 2], { maxNewTokens: 5, tokenizer: letters });
    const events = [];
    for await (const event of request) events.push(event);
    const [generation] = await request.result;
    expect(events.map(({ text }) => text).join('')).toBe(generation!.text);
    expect(events.at(-1)!.finishReason).toBe('length');
  });

  it('lets a short request overtake a long one', async () => {
    const engine = new Engine(tinyModel());
    const order: string[] = [];
    const long = engine.submit([1], { maxNewTokens: 60 }).result.then(() => order.push('long'));
    await steps(4);
    const short = engine.submit([2], { maxNewTokens: 3 }).result.then(() => order.push('short'));
    await Promise.all([long, short]);
    expect(order).toEqual(['short', 'long']);
  });

  it('cancels running and waiting requests and leaves no tensors behind', async () => {
    const engine = new Engine(tinyModel(), { maxBatch: 1 });
    const before = memory().numTensors;
    const running = engine.submit([1], { maxNewTokens: 60 });
    const waiting = engine.submit([2], { maxNewTokens: 60 });
    await steps(6);
    expect(engine.load).toEqual({ running: 1, queued: 1 });
    running.cancel();
    waiting.cancel();
    const [[a], [b]] = await Promise.all([running.result, waiting.result]);
    expect(a!.finishReason).toBe('cancelled');
    expect(a!.ids.length).toBeGreaterThan(0);
    expect(b).toMatchObject({ finishReason: 'cancelled', ids: [] });
    await engine.close();
    expect(memory().numTensors).toBe(before);
  });

  it('never loses sight of a request, also while its prompt is fed', async () => {
    const engine = new Engine(tinyModel());
    const request = engine.submit([1, 2, 3], { maxNewTokens: 5, n: 3 });
    let generated = 0;
    const reading = (async () => {
      for await (const _ of request) generated++;
    })();
    while (generated === 0) {
      const { running, queued } = engine.load;
      expect(queued > 0 ? { queued } : { running }).toEqual(queued > 0 ? { queued: 1 } : { running: 3 });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await reading;
  });

  it('refuses what it cannot take', async () => {
    const engine = new Engine(tinyModel(), { maxBatch: 1, maxQueue: 1 });
    const accepted = [1, 2].map((id) => engine.submit([id], { maxNewTokens: 3 }));
    expect(() => engine.submit([3])).toThrow(QueueFullError);
    expect(() => engine.submit([3], { n: 2 })).toThrow('n must be a whole number from 1 to 1, found 2');
    expect(() => engine.submit([])).toThrow('prompt must have at least one token');
    const closing = engine.close();
    expect(() => engine.submit([3])).toThrow(EngineClosedError);
    await closing;
    for (const { result } of accepted) expect((await result)[0]!.finishReason).toBe('length');
  });

  // Other backends compute on this thread: their event loop has its turn between steps only.
  it.runIf(getBackend() === 'onnx')('leaves the event loop free while the model computes', async () => {
    const engine = new Engine(tinyModel({ contextLength: 512, hidden: 256 }));
    const prompt = Array.from({ length: 400 }, (_, i) => i % 40);
    await engine.submit(prompt, { maxNewTokens: 1 }).result;
    let turns = 0;
    let done = false;
    const turn = () => {
      turns++;
      if (!done) setImmediate(turn);
    };
    setImmediate(turn);
    await engine.submit(prompt, { maxNewTokens: 1 }).result;
    done = true;
    expect(turns).toBeGreaterThan(100);
  });

  it('fails the request at fault, not its neighbours', async () => {
    const engine = new Engine(tinyModel());
    const broken = {
      decode: () => {
        throw new Error('cannot decode');
      },
    };
    const bad = engine.submit([1], { maxNewTokens: 9, tokenizer: broken });
    const good = engine.submit([2], { maxNewTokens: 9 });
    await expect(bad.result).rejects.toThrow('cannot decode');
    expect((await good.result)[0]!.ids).toHaveLength(9);
  });
});

/** Gives the engine time for some steps. */
async function steps(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 2));
}
