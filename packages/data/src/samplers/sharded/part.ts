import type { Manifest } from '../../manifest/manifest.ts';
import { mix, permutation } from '../../permutation.ts';

/** Which chunks a rank owns, and how an epoch cuts them into blocks. */
export class Part {
  /** Chunks [from, to) of the manifest. */
  readonly from: number;
  readonly to: number;
  /** Its chunks by mean duration, so that each block can get some of every kind. */
  readonly #sorted: Uint32Array;
  readonly #blocks: number;

  constructor(manifest: Manifest, rank: number, ranks: number, blocks: number) {
    [this.from, this.to] = ownedChunks(manifest, rank, ranks);
    this.#blocks = blocks;
    // The mean in quarters of a millisecond above the number of the chunk: numbers sort faster than pairs.
    const keys = manifest.chunkMeans(this.from, this.to);
    for (let i = 0; i < keys.length; i++) keys[i] = Math.floor(Math.min(keys[i]!, 2 ** 26) * 4) * 2 ** 24 + i;
    keys.sort();
    this.#sorted = Uint32Array.from(keys, (key) => key % 2 ** 24);
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
      chosen.push(this.from + this.#sorted[first + pick(block)]!);
    }
    return chosen;
  }
}

/** Whole shards where they divide by the ranks, else equally many chunks. */
export function ownedChunks(manifest: Manifest, rank: number, ranks: number): [from: number, to: number] {
  const { shards, chunkRows } = manifest.header;
  if (shards.length % ranks === 0) {
    const ends = [0];
    for (const { rows } of shards) ends.push(ends.at(-1)! + Math.ceil(rows / chunkRows));
    const each = shards.length / ranks;
    return [ends[rank * each]!, ends[(rank + 1) * each]!];
  }
  const cut = (r: number) => Math.floor((r * manifest.chunks) / ranks);
  return [cut(rank), cut(rank + 1)];
}
