/** Which process this is, and of how many. */
export interface Rank {
  rank: number;
  ranks: number;
}

/** Variables that launchers set: rank, number of ranks. */
const LAUNCHERS: readonly [rank: string, ranks: readonly string[]][] = [
  ['RANK', ['WORLD_SIZE']],
  ['OMPI_COMM_WORLD_RANK', ['OMPI_COMM_WORLD_SIZE']],
  ['SLURM_PROCID', ['SLURM_NTASKS', 'SLURM_NPROCS']],
  // An indexed job of Kubernetes knows its index; its number of pods has to be handed in.
  ['JOB_COMPLETION_INDEX', ['WORLD_SIZE', 'JOB_COMPLETIONS']],
];

/**
 * The rank of this process: from the arguments, or else from what torchrun (`RANK`, `WORLD_SIZE`), Open MPI
 * (`OMPI_COMM_WORLD_RANK`, `…_SIZE`), Slurm (`SLURM_PROCID`, `SLURM_NTASKS`) or a Kubernetes indexed job
 * (`JOB_COMPLETION_INDEX`, with `WORLD_SIZE` or `JOB_COMPLETIONS`) set, or else 0 of 1.
 *
 * @throws when only one of the two is known, or the rank is not in [0, ranks)
 */
export function resolveRank(
  given: Partial<Rank> = {},
  environment: Record<string, string | undefined> = process.env,
): Rank {
  if (given.rank !== undefined || given.ranks !== undefined) {
    if (given.rank === undefined && given.ranks !== 1)
      throw new Error(`rank: ranks is ${given.ranks}, but rank is not given`);
    return valid(given.rank ?? 0, given.ranks ?? Number.NaN, 'rank', 'ranks');
  }
  for (const [rank, sizes] of LAUNCHERS) {
    if (environment[rank] === undefined) continue;
    const size = sizes.find((name) => environment[name] !== undefined);
    if (!size) throw new Error(`rank: ${rank} is set, but ${sizes.join(' or ')} is not; set it too`);
    return valid(Number(environment[rank]), Number(environment[size]), rank, size);
  }
  return { rank: 0, ranks: 1 };
}

function valid(rank: number, ranks: number, rankName: string, ranksName: string): Rank {
  if (!(Number.isInteger(ranks) && ranks > 0))
    throw new Error(`rank: ${ranksName} must be an integer > 0, found ${ranks}`);
  if (!(Number.isInteger(rank) && rank >= 0 && rank < ranks))
    throw new Error(`rank: ${rankName} must be an integer in [0, ${ranks}), found ${rank}`);
  return { rank, ranks };
}
