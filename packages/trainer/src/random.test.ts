import { expect, it } from 'vitest';
import { hash } from './random.ts';

it('depends on every word and on nothing else', () => {
  expect(hash(1, 2, 'x')).toBe(hash(1, 2, 'x'));
  const different = [
    hash(1, 2, 'x'),
    hash(2, 1, 'x'),
    hash(1, 2, 'y'),
    hash(1, 2),
    hash(1 + 2 ** 32, 2, 'x'),
    hash(),
  ];
  expect(new Set(different).size).toBe(different.length);
});

it('is spread evenly: no bit of 31 leans, over consecutive steps', () => {
  const counts = new Array<number>(31).fill(0);
  for (let step = 0; step < 4096; step++) {
    const value = hash(0, step, 'dropout');
    for (let bit = 0; bit < 31; bit++) counts[bit]! += (value >>> bit) & 1;
  }
  // Five standard deviations of a fair coin.
  for (const count of counts) expect(Math.abs(count - 2048)).toBeLessThan(5 * 32);
});
