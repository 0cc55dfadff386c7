import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ChunkBuffer } from './chunk-buffer.ts';
import {
  type ColumnArray,
  HISTOGRAM_BIN_MS,
  HISTOGRAM_BINS,
  type ManifestColumn,
  type ManifestHeader,
  type ManifestShard,
  storageOrder,
} from './layout.ts';
import { ChunkSample } from './sample.ts';
import { ShardWriter } from './shard-writer.ts';
import { durationProblem, hashSpeaker, UTTERANCE_COLUMNS, type Utterance } from './utterance.ts';

/** How a manifest is written. */
export interface ManifestWriterOptions {
  /** Files. A multiple of the number of ranks is best: each then opens files of its own. Default 16. */
  shards?: number;
  /** Rows that are stored, read and shuffled together. Default 1024; small sets want less. */
  chunkRows?: number;
  /** Default: those of `Utterance`. `duration` (uint32, milliseconds) must be among them. */
  columns?: readonly ManifestColumn[];
  /** What the integers in a column stand for, when columns are appended whole. */
  dictionaries?: Record<string, string[]>;
  /** A row without a valid duration: `error` (default), or `skip` and count. */
  invalid?: 'error' | 'skip';
}

/**
 * Writes a manifest: a folder with the metadata of utterances in columns, cut into shards. Chunks are dealt to the
 * shards in turn, so that each shard is a fair sample even of a sorted source. The folder appears under its name when
 * `close` returns, never before.
 *
 * ```ts
 * const writer = new ManifestWriter('train.manifest', { shards: 16 });
 * writer.append({ path: 'a.flac', duration: 3.2, text: 'hello', language: 'en', region: 'US' });
 * writer.close();
 * ```
 */
export class ManifestWriter {
  readonly #folder: string;
  readonly #partial: string;
  readonly #columns: ManifestColumn[];
  readonly #chunkRows: number;
  readonly #invalid: 'error' | 'skip';
  readonly #shards: ShardWriter[];
  readonly #chunk: ChunkBuffer;
  readonly #dictionaries: Record<string, string[]>;
  readonly #codes: Record<string, Map<string, number>> = {};
  readonly #histogram = new Array<number>(HISTOGRAM_BINS).fill(0);
  readonly #sample: ChunkSample;
  readonly #skipped: Record<string, number> = {};
  /** Of the columns that keep clips apart: those of which a row has a value. */
  readonly #seen = new Set<string>();
  #used = 0;
  #chunks = 0;
  #read = 0;
  #milliseconds = 0;
  #longest = 0;

  /** @throws when the folder exists or an option is out of range */
  constructor(folder: string, options: ManifestWriterOptions = {}) {
    const { shards = 16, chunkRows = 1024, columns = UTTERANCE_COLUMNS, invalid = 'error' } = options;
    if (!(Number.isInteger(shards) && shards > 0))
      throw new Error(`manifest: shards must be an integer > 0, found ${shards}`);
    if (!(Number.isInteger(chunkRows) && chunkRows > 0 && chunkRows % 8 === 0))
      throw new Error(`manifest: chunkRows must be a multiple of 8, found ${chunkRows}`);
    if (columns.find(({ name }) => name === 'duration')?.type !== 'uint32')
      throw new Error('manifest: columns must include duration as uint32 (milliseconds)');
    this.#folder = resolve(folder);
    if (existsSync(this.#folder))
      throw new Error(`${folder}: exists already; remove it or choose another name`);
    this.#partial = join(dirname(this.#folder), `.${basename(this.#folder)}.partial-${process.pid}`);
    rmSync(this.#partial, { recursive: true, force: true });
    mkdirSync(this.#partial, { recursive: true });
    this.#columns = storageOrder(columns);
    this.#chunkRows = chunkRows;
    this.#invalid = invalid;
    this.#dictionaries = { ...options.dictionaries };
    const withStrings = columns.some(({ type }) => type === 'string');
    this.#shards = Array.from(
      { length: shards },
      (_, i) => new ShardWriter(this.#partial, `shard-${String(i).padStart(5, '0')}`, withStrings),
    );
    this.#chunk = new ChunkBuffer(this.#columns, chunkRows);
    this.#sample = new ChunkSample(this.#columns, chunkRows);
  }

  /**
   * Appends one utterance.
   * @throws when its duration is missing, not a number, negative or zero, naming the row (or counts it, see `invalid`)
   */
  append(utterance: Utterance): void {
    const problem = durationProblem(utterance.duration);
    if (problem) {
      this.#refuse(problem, utterance.path, utterance.duration);
      return;
    }
    const row = this.#used;
    for (const { name, type } of this.#columns) {
      const value = utterance[name as keyof Utterance];
      if (value) this.#seen.add(name);
      this.#chunk.columns[name]![row] =
        name === 'duration'
          ? Math.ceil(utterance.duration * 1000 - 1e-6)
          : name === 'speaker'
            ? hashSpeaker(value as string | undefined)
            : type === 'string'
              ? this.#shard.string(String(value ?? ''))
              : typeof value === 'number'
                ? value
                : this.#encode(name, String(value ?? ''));
    }
    this.#read++;
    if (++this.#used === this.#chunkRows) this.#flush();
  }

  /**
   * Appends many rows at once, column by column; strings are not possible here.
   * @param columns an array of `rows` values for each column, durations in milliseconds
   */
  appendColumns(rows: number, columns: Record<string, ColumnArray>): void {
    const durations = columns.duration!;
    for (let i = 0; i < rows; i++)
      if (!(durations[i]! > 0)) {
        this.#read += i;
        throw new Error(`manifest: row ${this.#read}: duration must be > 0 ms, found ${durations[i]}`);
      }
    for (let done = 0; done < rows; ) {
      const take = Math.min(rows - done, this.#chunkRows - this.#used);
      for (const { name } of this.#columns) {
        const column = columns[name];
        if (!column) throw new Error(`manifest: appendColumns needs the column ${name}`);
        this.#chunk.columns[name]!.set(column.subarray(done, done + take), this.#used);
        this.#seen.add(name);
      }
      this.#used += take;
      done += take;
      if (this.#used === this.#chunkRows) this.#flush();
    }
    this.#read += rows;
  }

  /** Writes what remains and gives the folder its name. @returns what `manifest.json` says */
  close(): ManifestHeader {
    if (this.#used) this.#flush();
    if (this.#chunks === 0) {
      this.abort();
      throw new Error(`${this.#folder}: a manifest must have rows, found none`);
    }
    const index = Float64Array.from(this.#shards.flatMap((shard) => shard.milliseconds));
    const shards = this.#shards.map((shard) => shard.close());
    const sample = this.#writeSample();
    const header: Omit<ManifestHeader, 'hash'> = {
      format: 'attune-manifest',
      version: 1,
      rows: shards.reduce((sum, { rows }) => sum + rows, 0),
      seconds: this.#milliseconds / 1000,
      chunkRows: this.#chunkRows,
      columns: this.#columns,
      unused: ['language', 'region', 'speaker'].filter((name) => !this.#seen.has(name)),
      dictionaries: this.#dictionaries,
      shards,
      index: this.#writeFile('index.bin', new Uint8Array(index.buffer)),
      sample: { ...sample, rows: sample.rows },
      histogram: { binMs: HISTOGRAM_BIN_MS, counts: trim(this.#histogram), longestMs: this.#longest },
      skipped: this.#skipped,
    };
    const whole: ManifestHeader = {
      ...header,
      hash: sha256(Buffer.from(JSON.stringify(header))).slice(0, 16),
    };
    writeFileSync(join(this.#partial, 'manifest.json'), `${JSON.stringify(whole)}\n`);
    renameSync(this.#partial, this.#folder);
    return whole;
  }

  /** Gives up: nothing is left behind. */
  abort(): void {
    rmSync(this.#partial, { recursive: true, force: true });
  }

  get #shard(): ShardWriter {
    return this.#shards[this.#chunks % this.#shards.length]!;
  }

  #refuse(problem: string, path: string | undefined, found: unknown): void {
    if (this.#invalid === 'error')
      throw new Error(
        `manifest: row ${this.#read}${path ? ` (${path})` : ''}: duration must be a number of seconds > 0, ` +
          `found ${found}; invalid: 'skip' leaves such rows out and counts them`,
      );
    this.#read++;
    this.#skipped[problem] = (this.#skipped[problem] ?? 0) + 1;
  }

  #encode(column: string, name: string): number {
    this.#codes[column] ??= new Map((this.#dictionaries[column] ?? []).map((each, i) => [each, i]));
    const codes = this.#codes[column];
    let code = codes.get(name);
    if (code === undefined) {
      code = codes.size;
      if (code > 65535)
        throw new Error(
          `manifest: column ${column} may hold 65536 different names, found more with '${name}'`,
        );
      codes.set(name, code);
      this.#dictionaries[column] = [...(this.#dictionaries[column] ?? []), name];
    }
    return code;
  }

  #flush(): void {
    const chunk =
      this.#used === this.#chunkRows ? this.#chunk : this.#chunk.slice(this.#columns, 0, this.#used);
    const durations = chunk.columns.duration!;
    let milliseconds = 0;
    for (let i = 0; i < chunk.rows; i++) {
      const duration = durations[i]!;
      milliseconds += duration;
      if (duration > this.#longest) this.#longest = duration;
      const bin = Math.min(HISTOGRAM_BINS, Math.ceil(duration / HISTOGRAM_BIN_MS)) - 1;
      this.#histogram[bin]!++;
    }
    this.#milliseconds += milliseconds;
    this.#shard.chunk(chunk.bytes, chunk.rows, milliseconds);
    this.#sample.add(chunk);
    this.#chunks++;
    this.#used = 0;
  }

  #writeSample(): Omit<ManifestShard, 'strings'> {
    const writer = new ShardWriter(this.#partial, 'sample', false);
    for (const chunk of this.#sample.chunks()) writer.chunk(chunk.bytes, chunk.rows, 0);
    return writer.close();
  }

  #writeFile(file: string, data: Uint8Array): { file: string; bytes: number; sha256: string } {
    writeFileSync(join(this.#partial, file), data);
    return { file, bytes: data.length, sha256: sha256(data) };
  }
}

function trim(counts: readonly number[]): number[] {
  return counts.slice(0, counts.findLastIndex((count) => count > 0) + 1);
}

function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
