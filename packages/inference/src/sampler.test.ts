import { describe, expect, it } from 'vitest';
import { samplingDistribution } from './distribution.ts';
import { uniformAt } from './random.ts';
import { Sampler } from './sampler.ts';
import { resolveSampling, type SamplingOptions } from './sampling-options.ts';

const VOCAB = 97;

/** Roughly normal logits, fixed by `seed`. */
function logitsOf(seed: number, size = VOCAB, scale = 3): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < 4; j++) sum += uniformAt(seed, i, j);
    return (sum - 2) * scale;
  });
}

/** The token at `uniform` of the cumulative distribution, tokens in the order of their ids. */
function inverseCdf(probabilities: Float64Array, uniform: number): number {
  let reached = 0;
  for (let id = 0; id < probabilities.length; id++) {
    reached += probabilities[id]!;
    if (uniform < reached) return id;
  }
  return probabilities.findLastIndex((p) => p > 0);
}

const settings: SamplingOptions[] = [
  {},
  { temperature: 0 },
  { temperature: 0.3 },
  { temperature: 1.7 },
  { topK: 1 },
  { topK: 5 },
  { topK: 500 },
  { topP: 0.5 },
  { topP: 0.95, temperature: 0.6 },
  { topP: 1e-9 },
  { minP: 0.2 },
  { minP: 1 },
  { topK: 20, topP: 0.8 },
  { topK: 20, topP: 0.8, minP: 0.1, temperature: 1.4 },
  { topP: 0.9, minP: 0.05 },
];

describe('Sampler', () => {
  it.each(settings)('draws from the readable distribution: %j', (setting) => {
    const options = resolveSampling(setting);
    const sampler = new Sampler(VOCAB);
    for (let seed = 0; seed < 20; seed++) {
      const logits = logitsOf(seed);
      const expected = samplingDistribution(logits, options);
      sampler.read(logits);
      for (let i = 0; i < 50; i++) {
        const uniform = uniformAt(99, seed, i);
        expect(sampler.draw(uniform, options)).toBe(inverseCdf(expected, uniform));
      }
    }
  });

  it('draws from adjusted logits but reports the model’s log-probabilities', () => {
    const logits = logitsOf(3);
    const adjusted = logits.map((x, id) => (id === 42 ? 100 : x));
    const sampler = new Sampler(VOCAB);
    sampler.read(logits);
    const before = sampler.logProb(42);
    expect(sampler.draw(0.5, resolveSampling(), adjusted)).toBe(42);
    expect(sampler.logProb(42)).toBe(before);
    expect(before).toBeLessThan(-2);
  });

  it('breaks ties by the lower id', () => {
    const sampler = new Sampler(4);
    sampler.read(Float32Array.of(1, 2, 2, 2));
    expect(sampler.draw(0.999, resolveSampling({ temperature: 0 }))).toBe(1);
    expect(sampler.draw(0.999, resolveSampling({ topK: 2 }))).toBe(2);
  });

  it('never draws a forbidden token, whatever the rounding', () => {
    const sampler = new Sampler(3);
    sampler.read(Float32Array.of(0, 0, -Infinity));
    expect(sampler.draw(1 - 2 ** -53, resolveSampling())).toBe(1);
    expect(sampler.logProb(2)).toBe(-Infinity);
  });

  it('gives log-probabilities that sum to one, and the likeliest first', () => {
    const logits = logitsOf(5);
    const sampler = new Sampler(VOCAB);
    sampler.read(logits);
    const all = sampler.top(VOCAB);
    expect(all.reduce((sum, { logProb }) => sum + Math.exp(logProb), 0)).toBeCloseTo(1, 12);
    expect(all.map(({ logProb }) => logProb)).toEqual(
      all.map(({ logProb }) => logProb).sort((a, b) => b - a),
    );
    expect(sampler.top(5)).toEqual(all.slice(0, 5));
  });

  it.each([[[1, Number.NaN, 2]], [[1, Infinity]], [[-Infinity, -Infinity]]])(
    'refuses the logits %j',
    (row) => {
      expect(() => new Sampler(row.length).read(Float32Array.from(row))).toThrow(
        'logits must be finite, found',
      );
    },
  );
});

describe('resolveSampling', () => {
  it.each([
    [{ temperature: -1 }, 'temperature must be at least 0, found -1'],
    [{ temperature: Number.NaN }, 'temperature must be at least 0, found NaN'],
    [{ topK: 1.5 }, 'topK must be a whole number'],
    [{ topP: 0 }, 'topP must be above 0 and at most 1, found 0'],
    [{ minP: 2 }, 'minP must be between 0 and 1, found 2'],
    [{ repetitionPenalty: 0 }, 'repetitionPenalty must be above 0'],
    [{ seed: -3 }, 'seed must be a whole number from 0'],
    [{ logitBias: { x: 1 } as never }, 'logitBias[x] must be token id: number'],
  ])('refuses %j', (options, message) => {
    expect(() => resolveSampling(options)).toThrow(message);
  });
});
