import type { Row } from '../dataset.ts';

/**
 * A value of Arrow or Parquet as plain JavaScript: lists become arrays, structs and maps objects, integers numbers
 * where they are exact. Bytes and dates stay.
 */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof Date)
    return value;
  if (Array.isArray(value)) return value.map(plain);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as Iterable<unknown>, plain);
  // Arrow's vectors and rows.
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    if (Symbol.iterator in value && 'length' in value)
      return Array.from(value as unknown as Iterable<unknown>, plain);
    return plainRow(value.toJSON());
  }
  return plainRow(value as Row);
}

/** A row without the columns that are null. */
export function plainRow(row: Row): Row {
  const result: Row = {};
  for (const name in row) {
    const value = row[name];
    if (value !== null && value !== undefined) result[name] = plain(value);
  }
  return result;
}

/** As `plainRow`, of a row that nobody else holds: it is changed, and only copied where a column is null. */
export function settleRow(row: Row): Row {
  for (const name in row) {
    const value = row[name];
    if (value === null || value === undefined) return plainRow(row);
    if (typeof value === 'bigint' || typeof value === 'object') row[name] = plain(value);
  }
  return row;
}
