import { mix } from '../permutation.ts';
import { ChunkBuffer } from './chunk-buffer.ts';
import { type ManifestColumn, RUNS_PER_CHUNK, SAMPLE_CHUNKS } from './layout.ts';

/**
 * A uniform sample of a stream of chunks, in runs of neighbouring rows: short enough to be a fair sample of a sorted
 * source, long enough to show which neighbours share a language and a speaker. Keeps the runs whose hashed number is
 * smallest, which needs no knowledge of the total.
 */
export class ChunkSample {
  readonly #columns: readonly ManifestColumn[];
  readonly #runs: { priority: number; chunk: ChunkBuffer }[] = [];
  readonly #runRows: number;
  readonly #chunkRows: number;
  #seen = 0;
  #worst = 0;

  constructor(columns: readonly ManifestColumn[], chunkRows: number) {
    this.#columns = columns;
    this.#chunkRows = chunkRows;
    this.#runRows = Math.ceil(chunkRows / RUNS_PER_CHUNK);
  }

  add(chunk: ChunkBuffer): void {
    for (let from = 0; from < chunk.rows; from += this.#runRows) {
      const priority = mix(0x5a11, this.#seen++);
      const full = this.#runs.length === SAMPLE_CHUNKS * RUNS_PER_CHUNK;
      if (full && priority >= this.#runs[this.#worst]!.priority) continue;
      const run = {
        priority,
        chunk: chunk.slice(this.#columns, from, Math.min(chunk.rows, from + this.#runRows)),
      };
      if (full) this.#runs[this.#worst] = run;
      else this.#runs.push(run);
      if (this.#runs.length < SAMPLE_CHUNKS * RUNS_PER_CHUNK) continue;
      this.#worst = 0;
      for (let i = 1; i < this.#runs.length; i++)
        if (this.#runs[i]!.priority > this.#runs[this.#worst]!.priority) this.#worst = i;
    }
  }

  /** The sample as chunks, of which only the last may be short. */
  *chunks(): Generator<ChunkBuffer> {
    let open = new ChunkBuffer(this.#columns, this.#chunkRows);
    let used = 0;
    for (const { chunk } of this.#runs.toSorted((a, b) => a.priority - b.priority)) {
      for (let from = 0; from < chunk.rows; ) {
        const take = Math.min(chunk.rows - from, this.#chunkRows - used);
        for (const { name } of this.#columns)
          open.columns[name]!.set(chunk.columns[name]!.subarray(from, from + take), used);
        used += take;
        from += take;
        if (used < this.#chunkRows) continue;
        yield open;
        open = new ChunkBuffer(this.#columns, this.#chunkRows);
        used = 0;
      }
    }
    if (used > 0) yield open.slice(this.#columns, 0, used);
  }
}
