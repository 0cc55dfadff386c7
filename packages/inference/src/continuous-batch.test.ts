import { describe, expect, it } from 'vitest';
import { useTestBackend } from '../test/backend.ts';
import { tinyModel } from '../test/tiny-model.ts';
import { CachedDecoder } from './cached-decoder.ts';
import { ContinuousBatch } from './continuous-batch.ts';
import { generate } from './generate.ts';
import { resolveSequenceOptions } from './generation-options.ts';
import { GenerationRequest } from './generation-request.ts';

await useTestBackend();

describe('ContinuousBatch', () => {
  it('grows a cache that fills up, and shrinks a batch that empties', async () => {
    const model = tinyModel({ contextLength: 150 });
    const decoder = new CachedDecoder(model);
    const shapes = new Set<string>();
    const { step } = decoder;
    decoder.step = (cache, tokens, lengths) => {
      const [batch, , capacity] = cache.keys[0]!.shape;
      shapes.add(`${batch}x${capacity}`);
      return step.call(decoder, cache, tokens, lengths);
    };
    const batch = new ContinuousBatch(decoder, 8, { firstRoom: 1 });
    const specs = [200, 4, 9, 5, 6].map((maxNewTokens, i) => ({ promptIds: [i + 1, 2], maxNewTokens }));
    const requests = specs.map(({ promptIds, maxNewTokens }) => {
      const options = resolveSequenceOptions({ maxNewTokens, seed: 1 }, decoder);
      const { contextLength } = decoder;
      return new GenerationRequest({
        promptIds,
        prompt: 0,
        firstSample: 0,
        samples: 1,
        firstCounter: 0,
        contextLength,
        options,
      });
    });
    for (const request of requests) batch.add(request);
    while (!batch.idle) await batch.step();

    expect([...shapes]).toEqual(['8x64', '2x64', '1x128', '1x256']);
    for (const [i, { promptIds, maxNewTokens }] of specs.entries()) {
      const [alone] = await generate(model, [promptIds], { maxNewTokens, seed: 1 });
      expect((await requests[i]!.result)[0]!.ids).toEqual(alone!.ids);
    }
    expect((await requests[0]!.result)[0]!.ids).toHaveLength(148);
  });
});
