import type { Data, Field, RecordBatch } from 'apache-arrow';
import type { Row } from '../dataset.ts';
import { plain } from '../files/plain.ts';
import { type Arrow, fromJsonText, JSON_FIELD } from './column-builder.ts';

/** Reads rows of a record batch as plain JavaScript; columns that are null are left out. */
export function rowReader(arrow: Arrow, batch: RecordBatch): (index: number) => Row {
  const columns = batch.schema.fields.map(
    (field, i) => [field.name, columnReader(arrow, field, batch.data.children[i]!)] as const,
  );
  return (index) => {
    const row: Row = {};
    for (const [name, read] of columns) {
      const value = read(index);
      if (value !== null) row[name] = value;
    }
    return row;
  };
}

/** Reads the usual types from their buffers at once, all others through Arrow. */
function columnReader(arrow: Arrow, field: Field, data: Data): (index: number) => unknown {
  const { DataType } = arrow;
  const { type } = data;
  const json = field.metadata.get(JSON_FIELD) === 'true';
  const { nullBitmap, offset } = data;
  const isNull = (index: number) =>
    data.nullCount > 0 && (nullBitmap[(offset + index) >> 3]! & (1 << ((offset + index) & 7))) === 0;
  if (DataType.isUtf8(type)) {
    const values = data.values as Uint8Array;
    const text = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    const ends = data.valueOffsets as Int32Array;
    const read = (index: number) => text.toString('utf8', ends[index]!, ends[index + 1]!);
    if (json) return (index) => (isNull(index) ? null : fromJsonText(read(index)));
    return (index) => (isNull(index) ? null : read(index));
  }
  if (DataType.isFloat(type) && type.precision === arrow.Precision.DOUBLE) {
    const values = data.values as Float64Array;
    return (index) => (isNull(index) ? null : values[index]!);
  }
  const vector = new arrow.Vector([data]);
  return (index) => {
    const value = vector.get(index);
    return value === null ? null : plain(value);
  };
}
