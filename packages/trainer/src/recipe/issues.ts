import type { z } from 'zod';
import { nearest } from './nearest.ts';

/**
 * Words a validation error as `algorithm.beta must be > 0, found -0.1`, one line per issue. Unknown keys come
 * with the nearest known one.
 * @param schema the schema that refused, to know the keys it would have taken
 * @param input what it refused
 * @param prefix path of `input` within the recipe, e.g. `['algorithm']`
 */
export function describeIssues(
  error: z.ZodError,
  schema: z.ZodType,
  input: unknown,
  prefix: string[] = [],
): string[] {
  return error.issues.flatMap((issue) => describe(issue, schema, input, prefix));
}

function describe(issue: z.core.$ZodIssue, schema: z.ZodType, input: unknown, prefix: string[]): string[] {
  const path = [...prefix, ...issue.path].join('.');
  const found = valueAt(input, issue.path);
  const line = (wanted: string) =>
    found === undefined
      ? `${path} is missing: it must be ${wanted}`
      : `${path} must be ${wanted}, found ${show(found)}`;

  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(schema, issue.path, input);
      return issue.keys.map((key) => {
        const near = nearest(key, known);
        const list = known.length > 0 ? `known: ${known.join(', ')}` : 'it takes no options';
        const advice = near ? `did you mean ${[...prefix, ...issue.path, near].join('.')}?` : list;
        return `${path ? `${path}.` : ''}${key} is not a known key; ${advice}`;
      });
    }
    case 'invalid_type':
      return [line(typeNames[issue.expected] ?? `of type ${issue.expected}`)];
    case 'too_small':
      return [line(bound(issue.origin, issue.inclusive === false ? '>' : '>=', issue.minimum))];
    case 'too_big':
      return [line(bound(issue.origin, issue.inclusive === false ? '<' : '<=', issue.maximum))];
    case 'invalid_value': {
      const near = typeof found === 'string' ? nearest(found, issue.values.map(String)) : undefined;
      return [`${line(oneOf(issue.values))}${near ? `; did you mean ${near}?` : ''}`];
    }
    case 'invalid_union': {
      // A discriminated union names its key but not the words it would take.
      const words = optionsAt(schema, issue.path, input);
      if (words.length > 0) {
        const near = typeof found === 'string' ? nearest(found, words) : undefined;
        return [`${line(oneOf(words))}${near ? `; did you mean ${near}?` : ''}`];
      }
      // Of a plain union, what the branch says that takes such a value; else the words of one that takes others.
      const atRoot = (branch: (typeof issue.errors)[number], ...codes: string[]) =>
        branch.some((b) => b.path.length === 0 && codes.includes(b.code));
      const fitting =
        issue.errors.find((branch) => !atRoot(branch, 'invalid_type', 'invalid_value')) ??
        issue.errors.find((branch) => !atRoot(branch, 'invalid_type'));
      if (fitting) {
        return fitting.flatMap((b) =>
          describe({ ...b, path: [...issue.path, ...b.path] }, schema, input, prefix),
        );
      }
      return [line(issue.errors.flatMap((branch) => branch.map((b) => b.message)).join(' or '))];
    }
    default:
      return [`${path}${path ? ': ' : ''}${issue.message}`];
  }
}

const typeNames: Record<string, string> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  object: 'a section with keys of its own',
  array: 'a list',
};

function bound(origin: string, sign: string, limit: number | bigint): string {
  if (origin === 'array') return `a list of ${sign} ${limit} entries`;
  return origin === 'string' ? `a text of ${sign} ${limit} characters` : `${sign} ${limit}`;
}

const oneOf = (values: readonly unknown[]) =>
  values.length === 1 ? String(values[0]) : `one of ${values.map(String).join(', ')}`;

function show(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    input,
  );
}

/** The parts of a schema that are looked at here; zod's own types hide them behind many generics. */
interface SchemaParts {
  type: string;
  innerType?: z.ZodType;
  in?: z.ZodType;
  element?: z.ZodType;
  shape?: Record<string, z.ZodType>;
  keyType?: z.ZodType;
  entries?: Record<string, string>;
  discriminator?: string;
  options?: z.ZodType[];
}
const parts = (schema: z.ZodType) => schema.def as unknown as SchemaParts;

/** The schema without defaults, optionality and transformations. */
function unwrap(schema: z.ZodType): z.ZodType {
  const inner = parts(schema).innerType ?? parts(schema).in;
  return inner ? unwrap(inner) : schema;
}

/** Walks down a schema along a path; where it meets a union, the input tells the branch. */
function schemaAt(schema: z.ZodType, path: readonly PropertyKey[], input: unknown): z.ZodType | undefined {
  let current: z.ZodType | undefined = chooseBranch(unwrap(schema), input);
  let value = input;
  for (const key of path) {
    if (!current) return undefined;
    const { shape, element } = parts(current);
    value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
    const next: z.ZodType | undefined = shape?.[String(key)] ?? element;
    current = next && chooseBranch(unwrap(next), value);
  }
  return current;
}

function chooseBranch(schema: z.ZodType, value: unknown): z.ZodType {
  const { discriminator, options } = parts(schema);
  if (!options) return schema;
  if (!discriminator) {
    const sections = options
      .map(unwrap)
      .filter((option) => ['object', 'record'].includes(parts(option).type));
    return (typeof value === 'object' && sections[0]) || schema;
  }
  const word = (value as Record<string, unknown> | undefined)?.[discriminator];
  return options.find((option) => wordOf(option, discriminator) === word) ?? schema;
}

function wordOf(option: z.ZodType, discriminator: string): unknown {
  const literal = parts(unwrap(option)).shape?.[discriminator];
  return literal && (unwrap(literal).def as unknown as { values?: unknown[] }).values?.[0];
}

function keysAt(schema: z.ZodType, path: readonly PropertyKey[], input: unknown): string[] {
  const found = schemaAt(schema, path, input);
  if (!found) return [];
  const { shape, keyType } = parts(found);
  return Object.keys(shape ?? (keyType && parts(keyType).entries) ?? {});
}

/** The words of the discriminated union whose discriminator stands at `path`. */
function optionsAt(schema: z.ZodType, path: readonly PropertyKey[], input: unknown): string[] {
  const found = schemaAt(schema, path.slice(0, -1), input);
  const { discriminator, options } = found ? parts(found) : ({} as Partial<SchemaParts>);
  return discriminator && options ? options.map((option) => String(wordOf(option, discriminator))) : [];
}
