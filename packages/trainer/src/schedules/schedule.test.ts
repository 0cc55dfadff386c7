import { describe, expect, it } from 'vitest';
import { createSchedule } from './schedule.ts';

const curve = (options: Parameters<typeof createSchedule>[0], steps: number) =>
  Array.from({ length: steps }, (_, step) => createSchedule(options, steps)(step));
const rounded = (values: number[]) => values.map((v) => Math.round(v * 1e6) / 1e6);

describe('createSchedule', () => {
  it('warms up from the first step, never at 0', () => {
    expect(curve({ name: 'constant', warmup: 4 }, 6)).toEqual([0.25, 0.5, 0.75, 1, 1, 1]);
  });
  it('takes a fraction of all steps as warm-up', () => {
    expect(curve({ name: 'constant', warmup: 0.5 }, 4)).toEqual([0.5, 1, 1, 1]);
  });
  it('falls linearly to the floor', () => {
    expect(rounded(curve({ name: 'linear', floor: 0.2 }, 4))).toEqual([1, 0.8, 0.6, 0.4]);
  });
  it('follows half a cosine', () => {
    expect(rounded(curve({ name: 'cosine' }, 4))).toEqual([1, 0.853553, 0.5, 0.146447]);
    expect(rounded(curve({ name: 'cosine', warmup: 2, floor: 0.5 }, 4))).toEqual([0.5, 1, 1, 0.75]);
  });
  it('stays, then decays (wsd)', () => {
    expect(rounded(curve({ name: 'wsd', warmup: 2, decay: 4 }, 8))).toEqual([
      0.5, 1, 1, 1, 1, 0.75, 0.5, 0.25,
    ]);
  });
  it('stays at the floor beyond the last step', () => {
    expect(createSchedule({ name: 'cosine', floor: 0.1 }, 10)(50)).toBeCloseTo(0.1, 12);
  });
  it('survives a run of one step', () => {
    expect(curve({ name: 'cosine' }, 1)).toEqual([1]);
  });
});
