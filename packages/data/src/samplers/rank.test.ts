import { expect, test } from 'vitest';
import { resolveRank } from './rank.ts';

test('arguments come first, then the launcher, then one process alone', () => {
  expect(resolveRank({ rank: 2, ranks: 4 }, { RANK: '1', WORLD_SIZE: '8' })).toEqual({ rank: 2, ranks: 4 });
  expect(resolveRank({}, { RANK: '1', WORLD_SIZE: '8' })).toEqual({ rank: 1, ranks: 8 });
  expect(resolveRank({}, { OMPI_COMM_WORLD_RANK: '3', OMPI_COMM_WORLD_SIZE: '4' })).toEqual({
    rank: 3,
    ranks: 4,
  });
  expect(resolveRank({}, { SLURM_PROCID: '0', SLURM_NTASKS: '2' })).toEqual({ rank: 0, ranks: 2 });
  expect(resolveRank({}, { JOB_COMPLETION_INDEX: '5', WORLD_SIZE: '6' })).toEqual({ rank: 5, ranks: 6 });
  expect(resolveRank({}, {})).toEqual({ rank: 0, ranks: 1 });
});

test('what does not fit is named', () => {
  expect(() => resolveRank({ ranks: 4 }, {})).toThrow('rank: ranks is 4, but rank is not given');
  expect(() => resolveRank({ rank: 4, ranks: 4 })).toThrow('rank must be an integer in [0, 4), found 4');
  expect(() => resolveRank({}, { JOB_COMPLETION_INDEX: '5' })).toThrow(
    'JOB_COMPLETION_INDEX is set, but WORLD_SIZE or JOB_COMPLETIONS is not; set it too',
  );
  expect(() => resolveRank({}, { RANK: 'x', WORLD_SIZE: '2' })).toThrow(
    'RANK must be an integer in [0, 2), found NaN',
  );
});
