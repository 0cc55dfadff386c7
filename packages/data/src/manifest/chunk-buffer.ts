import { type ColumnArray, chunkLayout, columnArray, type ManifestColumn } from './layout.ts';

/** One chunk in memory: its bytes as they are stored, and a view of each column. */
export class ChunkBuffer {
  readonly bytes: Uint8Array;
  readonly columns: Record<string, ColumnArray> = {};
  readonly rows: number;

  constructor(columns: readonly ManifestColumn[], rows: number) {
    const { offsets, bytes } = chunkLayout(columns, rows);
    const buffer = new ArrayBuffer(bytes);
    this.rows = rows;
    this.bytes = new Uint8Array(buffer);
    columns.forEach(({ name, type }, i) => {
      this.columns[name] = columnArray(type, rows, buffer, offsets[i]);
    });
  }

  /** Rows [from, to) in a chunk of their own. */
  slice(columns: readonly ManifestColumn[], from: number, to: number): ChunkBuffer {
    const part = new ChunkBuffer(columns, to - from);
    for (const { name } of columns) part.columns[name]!.set(this.columns[name]!.subarray(from, to));
    return part;
  }
}
