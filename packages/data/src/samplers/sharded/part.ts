import type { Manifest } from '../../manifest/manifest.ts';
import { mix, permutation } from '../../permutation.ts';
import { longestFirst } from './longest-first.ts';

/** Which chunks a rank owns, and how an epoch cuts them into blocks. */
export class Part {
  /** Its chunks by mean duration, so that each block can get some of every kind. */
  readonly #sorted: Uint32Array;
  readonly #blocks: number;

  constructor(manifest: Manifest, rank: number, ranks: number, blocks: number) {
    this.#blocks = blocks;
    const { first, count, stride } = ownedChunks(manifest, rank, ranks);
    const means = manifest.chunkMeans(first, first + (count - 1) * stride + 1);
    const own = Uint32Array.from({ length: count }, (_, i) => means[i * stride]!);
    this.#sorted = longestFirst(own).map((i) => first + i * stride);
  }

  /** The chunks of a block in an epoch: one of every stratum of chunks with similar mean durations. */
  chunks(seed: number, epoch: number, block: number): number[] {
    const count = this.#sorted.length;
    const strata = Math.ceil(count / this.#blocks);
    const chosen: number[] = [];
    for (let stratum = 0; stratum < strata; stratum++) {
      const first = stratum * this.#blocks;
      const size = Math.min(this.#blocks, count - first);
      // The first blocks get what an incomplete stratum holds, on every rank the same.
      if (block >= size) continue;
      const pick = permutation(size, mix(seed, 0xb10c), epoch * 2 ** 20 + stratum);
      chosen.push(this.#sorted[first + pick(block)]!);
    }
    return chosen;
  }
}

/**
 * Whole shards where they divide by the ranks. Else the chunks are dealt like cards: every shard is opened by all, but a
 * sorted manifest in few shards is still shared out fairly.
 */
export function ownedChunks(
  manifest: Manifest,
  rank: number,
  ranks: number,
): { first: number; count: number; stride: number } {
  const { shards, chunkRows } = manifest.header;
  if (shards.length % ranks !== 0)
    return { first: rank, count: Math.max(0, Math.ceil((manifest.chunks - rank) / ranks)), stride: ranks };
  const ends = [0];
  for (const { rows } of shards) ends.push(ends.at(-1)! + Math.ceil(rows / chunkRows));
  const each = shards.length / ranks;
  const first = ends[rank * each]!;
  return { first, count: ends[(rank + 1) * each]! - first, stride: 1 };
}
