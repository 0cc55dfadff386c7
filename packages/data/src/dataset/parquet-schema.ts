import type { SchemaElement } from 'hyparquet';
import type { Row } from '../dataset.ts';
import { type Kind, kindOf, widen } from './column-builder.ts';

/**
 * The shape of a column of lists and objects, where all its values have one: a plain kind, a list, or an object with
 * named fields. `unknown` are values that were never there (empty lists), `mixed` what no Parquet type holds.
 */
export type Shape =
  | Exclude<Kind, 'json'>
  | 'unknown'
  | 'mixed'
  | { list: Shape }
  | { fields: Map<string, Shape> };

/** The shapes of columns; see `Shape`. */
export type Shapes = Map<string, Shape>;

/** The shapes that hold these rows too. */
export function shapesOf(rows: readonly Row[], known: Shapes = new Map()): Shapes {
  const shapes = new Map(known);
  for (const row of rows)
    for (const name in row) {
      const value = row[name];
      if (value === null || value === undefined) continue;
      const before = shapes.get(name) ?? 'unknown';
      const shape = join(before, shapeOf(value));
      if (shape !== before) shapes.set(name, shape);
    }
  return shapes;
}

function shapeOf(value: unknown): Shape {
  if (value === null || value === undefined) return 'unknown';
  const kind = kindOf(value);
  if (kind !== 'json') return kind;
  if (typeof value !== 'object' || value instanceof Date) return 'mixed';
  if (Array.isArray(value))
    return { list: value.reduce<Shape>((shape, item) => join(shape, shapeOf(item)), 'unknown') };
  return { fields: new Map(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)])) };
}

/** The narrowest shape that holds what either holds. */
function join(a: Shape, b: Shape): Shape {
  if (a === 'unknown' || a === b) return b;
  if (b === 'unknown') return a;
  if (typeof a === 'string' || typeof b === 'string') {
    const kind =
      typeof a === 'string' && typeof b === 'string' && a !== 'mixed' && b !== 'mixed' ? widen(a, b) : 'json';
    return kind === 'json' ? 'mixed' : kind;
  }
  if ('list' in a && 'list' in b) return { list: join(a.list, b.list) };
  if (!('fields' in a && 'fields' in b)) return 'mixed';
  const fields = new Map(a.fields);
  for (const [name, shape] of b.fields) fields.set(name, join(fields.get(name) ?? 'unknown', shape));
  return { fields };
}

/** Whether Parquet can hold a shape, in no more than a few dozen leaves; dictionaries with keys of their own are not. */
export function isNested(shape: Shape | undefined): shape is Shape {
  return shape !== undefined && typeof shape !== 'string' && leaves(shape) <= 64 && holds(shape);
}

function holds(shape: Shape): boolean {
  if (typeof shape === 'string') return shape !== 'mixed';
  if ('list' in shape) return holds(shape.list);
  return shape.fields.size > 0 && [...shape.fields.values()].every(holds);
}

function leaves(shape: Shape): number {
  if (typeof shape === 'string') return 1;
  if ('list' in shape) return leaves(shape.list);
  return [...shape.fields.values()].reduce((sum, inner) => sum + leaves(inner), 0);
}

export const sameShape = (a: Shape | undefined, b: Shape | undefined): boolean => text(a) === text(b);

function text(shape: Shape | undefined): string {
  if (typeof shape !== 'object') return String(shape);
  return 'list' in shape
    ? `[${text(shape.list)}]`
    : `{${[...shape.fields].map(([name, inner]) => `${JSON.stringify(name)}:${text(inner)}`)}}`;
}

const LEAVES: Record<Exclude<Kind, 'json'> | 'unknown', Pick<SchemaElement, 'type' | 'converted_type'>> = {
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  int: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  bytes: { type: 'BYTE_ARRAY' },
  unknown: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
};

/** The elements of a column in a Parquet schema, lists in their standard form of three levels. */
export function schemaElements(name: string, shape: Shape): SchemaElement[] {
  if (typeof shape === 'string')
    return [{ name, repetition_type: 'OPTIONAL', ...LEAVES[shape as keyof typeof LEAVES] }];
  if ('list' in shape)
    return [
      { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...schemaElements('element', shape.list),
    ];
  return [
    { name, repetition_type: 'OPTIONAL', num_children: shape.fields.size },
    ...[...shape.fields].flatMap(([inner, child]) => schemaElements(inner, child)),
  ];
}

/** A value as the writer takes it: whole numbers as bigint, fields that are missing as null. */
export function toShape(value: unknown, shape: Shape): unknown {
  if (value === null || value === undefined) return null;
  if (shape === 'int') return BigInt(value as number);
  if (typeof shape === 'string') return value;
  if ('list' in shape) return (value as unknown[]).map((item) => toShape(item, shape.list));
  const row: Row = {};
  for (const [name, inner] of shape.fields) row[name] = toShape((value as Row)[name], inner);
  return row;
}
