import { expect, it } from 'vitest';
import { adjustLogits, adjustsLogits, TokenHistory } from './penalties.ts';
import { resolveSampling } from './sampling-options.ts';

function adjusted(logits: number[], prompt: number[], generated: number[], options: object): number[] {
  const history = new TokenHistory(prompt);
  for (const id of generated) history.add(id);
  const row = Float32Array.from(logits);
  adjustLogits(row, history, resolveSampling(options));
  return Array.from(row);
}

it('repetition penalty reaches prompt and answer, and lowers negative logits too', () => {
  expect(adjusted([4, -4, 4, -4], [0, 1], [1], { repetitionPenalty: 2 })).toEqual([2, -8, 4, -4]);
});

it('presence and frequency penalties reach only what was generated', () => {
  expect(adjusted([1, 1, 1], [0], [1, 1], { presencePenalty: 0.5 })).toEqual([1, 0.5, 1]);
  expect(adjusted([1, 1, 1], [0], [1, 1], { frequencyPenalty: 0.5 })).toEqual([1, 0, 1]);
});

it('bias is added to the named tokens', () => {
  expect(adjusted([1, 1, 1], [], [], { logitBias: { 2: -100, 0: 3 } })).toEqual([4, 1, -99]);
});

it('knows when there is nothing to adjust', () => {
  expect(adjustsLogits(resolveSampling({ temperature: 0.5, topK: 3 }))).toBe(false);
  expect(adjustsLogits(resolveSampling({ logitBias: { 1: 1 } }))).toBe(true);
  expect(adjustsLogits(resolveSampling({ frequencyPenalty: 1 }))).toBe(true);
});
