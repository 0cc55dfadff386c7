import type { Schema } from 'apache-arrow';
import { type Arrow, fromJsonText, JSON_FIELD } from '../dataset/column-builder.ts';
import type { Row } from '../dataset.ts';
import { plain } from './plain.ts';

/** Reads bytes at a place of a file. */
export type ReadAt = (offset: number, bytes: number) => Buffer;

/** Where the buffers of a record batch are. */
export interface BatchLayout {
  /** Where its body begins. */
  body: number;
  nodes: readonly { nullCount: number }[];
  /** Offsets within the body. */
  buffers: readonly { offset: number }[];
}

/** The value of a column in one row, read from its own few bytes. */
type CellReader = (layout: BatchLayout, row: number) => unknown;

/**
 * Reads single rows of record batches without reading the batches, for rows asked for in random order.
 *
 * @returns undefined when a column is of a type that only whole batches are read of (lists, structs, dictionaries)
 */
export function cellReader(
  arrow: Arrow,
  schema: Schema,
  read: ReadAt,
): ((layout: BatchLayout, row: number) => Row) | undefined {
  const columns: { name: string; cell: CellReader }[] = [];
  let buffer = 0;
  for (const [node, field] of schema.fields.entries()) {
    const { DataType } = arrow;
    const { type } = field;
    const first = buffer;
    const at = (layout: BatchLayout, which: number) => layout.body + layout.buffers[first + which]!.offset;
    let value: CellReader;
    if (DataType.isUtf8(type) || DataType.isBinary(type)) {
      const json = field.metadata.get(JSON_FIELD) === 'true';
      const text = DataType.isUtf8(type);
      buffer += 3;
      value = (layout, row) => {
        const ends = read(at(layout, 1) + 4 * row, 8);
        const start = ends.readInt32LE(0);
        const bytes = read(at(layout, 2) + start, ends.readInt32LE(4) - start);
        if (!text) return new Uint8Array(bytes);
        return json ? fromJsonText(bytes.toString('utf8')) : bytes.toString('utf8');
      };
    } else if (DataType.isFloat(type) && type.precision === arrow.Precision.DOUBLE) {
      buffer += 2;
      value = (layout, row) => read(at(layout, 1) + 8 * row, 8).readDoubleLE(0);
    } else if (DataType.isInt(type) && type.bitWidth === 64 && type.isSigned) {
      buffer += 2;
      value = (layout, row) => plain(read(at(layout, 1) + 8 * row, 8).readBigInt64LE(0));
    } else if (DataType.isBool(type)) {
      buffer += 2;
      value = (layout, row) => isSet(read, at(layout, 1), row);
    } else return undefined;
    columns.push({
      name: field.name,
      cell: (layout, row) =>
        layout.nodes[node]!.nullCount > 0 && !isSet(read, at(layout, 0), row) ? null : value(layout, row),
    });
  }
  return (layout, index) => {
    const row: Row = {};
    for (const { name, cell } of columns) {
      const value = cell(layout, index);
      if (value !== null) row[name] = value;
    }
    return row;
  };
}

function isSet(read: ReadAt, bits: number, row: number): boolean {
  return (read(bits + (row >> 3), 1)[0]! & (1 << (row & 7))) !== 0;
}
