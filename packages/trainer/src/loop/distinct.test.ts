import { expect, it } from 'vitest';
import type { EncodedExample } from '../data/codec.ts';
import { DistinctSteps } from './distinct.ts';

const pair = (...texts: number[]): EncodedExample => ({
  sequences: texts.map((token) => ({ ids: Int32Array.of(token), mask: Uint8Array.of(1) })),
  name: '',
});

it('puts the next example that shares nothing in the place of one that does', () => {
  const steps = new DistinctSteps([pair(1, 10), pair(2, 10), pair(3, 11), pair(4, 12), pair(1, 13)]);
  expect(steps.choose([0, 2, 3])).toEqual([0, 2, 3]);
  // 1 shares its second text with 0, and 3 is the next after those that stay.
  expect(steps.choose([0, 1, 2])).toEqual([0, 2, 3]);
  // The same example twice, as where two epochs meet.
  expect(steps.choose([4, 4])).toEqual([4, 1]);
  // There are but four that share nothing.
  expect(steps.choose([0, 1, 2, 3, 4])).toHaveLength(3);
  expect(steps.firsts()).toEqual([0, 2, 3]);
});
