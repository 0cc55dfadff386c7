import type { Row } from './dataset.ts';
import { readLines, readText } from './read-lines.ts';

/**
 * Rows of a JSON Lines file: one object a line, blank lines skipped.
 * @throws naming the line, and what was found there, when a line is no JSON object
 */
export async function* readJsonl(path: string): AsyncGenerator<Row> {
  for await (const { first, lines } of readLines(path)) {
    for (const [i, line] of lines.entries()) {
      if (line.trim() !== '') yield parseRow(`${path}:${first + i}`, line);
    }
  }
}

/**
 * Rows of a JSON file that is one array of objects.
 * @throws when it is something else, or cut off
 */
export async function* readJsonArray(path: string): AsyncGenerator<Row> {
  const rows = parse(path, await readText(path));
  if (!Array.isArray(rows)) throw new Error(`${path}: must be an array of objects, found ${describe(rows)}`);
  for (const [i, row] of rows.entries()) yield requireObject(`${path}: element ${i}`, row);
}

function parseRow(place: string, line: string): Row {
  return requireObject(place, parse(place, line));
}

function parse(place: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const shown = text.length > 60 ? `${text.slice(0, 40)} … ${text.slice(-20)}` : text;
    const cut = text.trimEnd().endsWith('}') || text.trimEnd().endsWith(']') ? '' : '; it may be cut off';
    throw new Error(`${place}: is not JSON: found ${JSON.stringify(shown)}${cut}`, { cause: error });
  }
}

function requireObject(place: string, value: unknown): Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${place}: must be an object, found ${describe(value)}`);
  return value as Row;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
