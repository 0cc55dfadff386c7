/** Types of a manifest's columns. A `string` is kept as its place in the shard's file of strings. */
export type ColumnType = 'uint8' | 'uint16' | 'uint32' | 'float32' | 'float64' | 'string';

/** A typed array that holds one of a manifest's columns. */
export type ColumnArray = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

/** A column of a manifest. */
export interface ManifestColumn {
  name: string;
  type: ColumnType;
}

/** A file of a manifest. */
export interface ManifestShard {
  file: string;
  rows: number;
  bytes: number;
  sha256: string;
  /** File of the strings, where the manifest has string columns. */
  strings?: { file: string; bytes: number; sha256: string };
}

/** What `manifest.json` says. */
export interface ManifestHeader {
  format: 'attune-manifest';
  version: 1;
  rows: number;
  /** Total duration. */
  seconds: number;
  /** Rows that are stored, read and shuffled together. */
  chunkRows: number;
  /** In the order in which they are stored: widest first, so that each is aligned. */
  columns: ManifestColumn[];
  /** Columns that keep clips apart (language, region, speaker) of which no row has a value. */
  unused: string[];
  /** Names that the integers in a column stand for. */
  dictionaries: Record<string, string[]>;
  shards: ManifestShard[];
  /** Milliseconds of audio of each chunk (float64), shard after shard. */
  index: { file: string; bytes: number; sha256: string };
  /** A few chunks drawn from all shards, from which every rank estimates the same. */
  sample: { file: string; rows: number; bytes: number; sha256: string };
  /** Exact counts: bin i holds durations in (i · binMs, (i + 1) · binMs]; the last bin also all that are longer. */
  histogram: { binMs: number; counts: number[]; longestMs: number };
  /** Rows that were left out when it was written, by reason. */
  skipped: Record<string, number>;
  /** Hash of all of the above, hence of the whole contents. */
  hash: string;
}

/** First bytes of a shard. */
export const MAGIC = 'ATTUNE-MANIFEST1';
/** Bytes before the first chunk. */
export const HEADER_BYTES = 64;
/** Width of a bin of the histogram in milliseconds, and how many there are (two minutes). */
export const HISTOGRAM_BIN_MS = 20;
export const HISTOGRAM_BINS = 6000;
/** The sample: so many chunks, put together from runs of neighbouring rows (so many from each chunk's length). */
export const SAMPLE_CHUNKS = 32;
export const RUNS_PER_CHUNK = 16;

const WIDTH: Record<ColumnType, number> = {
  uint8: 1,
  uint16: 2,
  uint32: 4,
  float32: 4,
  float64: 8,
  string: 8,
};

/** Columns in the order in which they are stored. */
export function storageOrder(columns: readonly ManifestColumn[]): ManifestColumn[] {
  return columns.toSorted((a, b) => WIDTH[b.type] - WIDTH[a.type]);
}

/** Where the columns of a chunk of `rows` rows begin, and how many bytes it takes (a multiple of 8). */
export function chunkLayout(
  columns: readonly ManifestColumn[],
  rows: number,
): { offsets: number[]; bytes: number } {
  const offsets: number[] = [];
  let bytes = 0;
  for (const { type } of columns) {
    offsets.push(bytes);
    bytes += WIDTH[type] * rows;
  }
  return { offsets, bytes: Math.ceil(bytes / 8) * 8 };
}

/** An array for `rows` values of a column: of its own, or a view of a buffer. */
export function columnArray(type: ColumnType, rows: number, buffer?: ArrayBuffer, offset = 0): ColumnArray {
  const at = buffer ?? new ArrayBuffer(WIDTH[type] * rows);
  switch (type) {
    case 'uint8':
      return new Uint8Array(at, offset, rows);
    case 'uint16':
      return new Uint16Array(at, offset, rows);
    case 'uint32':
      return new Uint32Array(at, offset, rows);
    case 'float32':
      return new Float32Array(at, offset, rows);
    default:
      return new Float64Array(at, offset, rows);
  }
}

/** Bytes of a shard of `rows` rows. */
export function shardBytes(columns: readonly ManifestColumn[], rows: number, chunkRows: number): number {
  const whole = Math.floor(rows / chunkRows);
  const rest = rows % chunkRows;
  return (
    HEADER_BYTES +
    whole * chunkLayout(columns, chunkRows).bytes +
    (rest ? chunkLayout(columns, rest).bytes : 0)
  );
}
