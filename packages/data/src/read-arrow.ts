import { readFileSync } from 'node:fs';
import type { Table } from 'apache-arrow';
import { Dataset, type Row } from './dataset.ts';
import { requireFile } from './read-lines.ts';

/**
 * Rows of an Arrow IPC file or stream (as Hugging Face datasets caches them). The columns stay as they are in the
 * file; a row becomes plain JavaScript when it is read: lists arrays, structs objects, integers numbers.
 *
 * @throws when the file is missing, empty or no Arrow IPC
 */
export async function readArrow(path: string): Promise<Dataset> {
  requireFile(path);
  const { tableFromIPC, Vector } = await import('apache-arrow');
  let table: Table;
  try {
    table = tableFromIPC(readFileSync(path));
  } catch (error) {
    throw new Error(`${path}: is no readable Arrow IPC file (${(error as Error).message})`, { cause: error });
  }
  if (table.schema.fields.length === 0)
    throw new Error(`${path}: is cut off or no Arrow IPC file: found no columns`);

  /** Arrow's value as plain JavaScript. */
  function plain(value: unknown): unknown {
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof Date)
      return value;
    if (value instanceof Vector || ArrayBuffer.isView(value))
      return Array.from(value as Iterable<unknown>, plain);
    const struct = (value as { toJSON(): object }).toJSON();
    return Object.fromEntries(Object.entries(struct).map(([key, inner]) => [key, plain(inner)]));
  }

  const columns = table.schema.fields.map(({ name }, i) => [name, table.getChildAt(i)!] as const);
  return new Dataset(table.numRows, (index) => {
    const row: Row = {};
    for (const [name, column] of columns) {
      const value = column.get(index);
      if (value !== null) row[name] = plain(value);
    }
    return row;
  });
}
