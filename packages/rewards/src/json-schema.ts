import type { Reward } from './reward.ts';

/** Options of `jsonSchema`. */
export interface JsonSchemaOptions {
  /** The schema for all rows. Default: that of the row. */
  schema?: object;
  /** Column of the row's schema, as an object or as JSON. Default `schema`. */
  column?: string;
  /** Score of JSON that breaks the schema. Default 0. */
  json?: number;
}

/**
 * The JSON in a completion: all of it, its last fenced block, or what stands from its first `{` or `[` to the last of its
 * kind. What stands before a `</think>` does not count.
 * @returns undefined when there is none
 */
export function extractJson(completion: string): unknown {
  const thought = completion.lastIndexOf('</think>');
  const text = thought < 0 ? completion : completion.slice(thought + '</think>'.length);
  const fenced = [...text.matchAll(/```[^\n`]*\n(.*?)```/gs)].at(-1)?.[1];
  const start = text.search(/[{[]/);
  const end = start < 0 ? -1 : text.lastIndexOf(text[start] === '{' ? '}' : ']');
  for (const candidate of [text, fenced, end > start ? text.slice(start, end + 1) : undefined]) {
    if (candidate === undefined) continue;
    try {
      return JSON.parse(candidate);
    } catch {}
  }
  return undefined;
}

type Validate = (value: unknown) => boolean;

/**
 * 1 when the completion is JSON that the schema (draft 2020-12) allows, `json` when it is JSON that breaks it, else 0.
 * Validation is `ajv`'s.
 * @throws when the row has no schema, or it is none
 */
export function jsonSchema({ schema, column = 'schema', json = 0 }: JsonSchemaOptions = {}): Reward {
  /** Rows repeat schemas; compiling one takes milliseconds. */
  const compiled = new Map<string, Validate>();
  return async (completion, row) => {
    const wanted = schema ?? row[column];
    const key = typeof wanted === 'string' ? wanted : JSON.stringify(wanted);
    const validate = compiled.get(key) ?? (await compile(key, column));
    compiled.set(key, validate);
    const value = extractJson(completion);
    if (value === undefined) return 0;
    return validate(value) ? 1 : json;
  };
}

async function compile(text: string | undefined, column: string): Promise<Validate> {
  let schema: unknown;
  try {
    schema = JSON.parse(text!);
  } catch {}
  if (typeof schema !== 'object' || schema === null)
    throw new Error(
      `jsonSchema: column ${column} must hold a schema, found ${text?.slice(0, 200) ?? 'nothing'}`,
    );
  // Loaded on first use: whoever needs no schema pays nothing.
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  return ajv.compile(schema) as Validate;
}
