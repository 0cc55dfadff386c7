import type { Row } from '../dataset.ts';
import { linesOf, readText, readTextRuns, type TextPosition } from './lines.ts';
import type { Reader } from './reader.ts';

/**
 * Rows of a JSON Lines file: one object a line, blank lines skipped.
 * @throws naming the line, and what was found there, when a line is no JSON object
 */
export const readJsonl: Reader = async function* (path, { onInvalid }, from) {
  for await (const run of readTextRuns(path, from as TextPosition)) {
    const rows: Row[] = [];
    for (const [i, line] of linesOf(run).entries()) {
      if (line.trim() === '') continue;
      try {
        rows.push(JSON.parse(line));
        if (!isObject(rows.at(-1))) throw new TypeError();
      } catch (cause) {
        if (cause instanceof TypeError) rows.pop();
        const problem = explain(`${path}:${run.at.line + i}`, line);
        if (!onInvalid) throw new Error(problem, { cause });
        onInvalid(problem);
      }
    }
    yield { rows, at: run.at };
  }
};

/**
 * Rows of a JSON file that is one array of objects. The file is read whole.
 * @throws when it is something else, or cut off
 */
export const readJsonArray: Reader = async function* (path) {
  const text = await readText(path);
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch (cause) {
    throw new Error(explain(path, text), { cause });
  }
  if (!Array.isArray(rows)) throw new Error(`${path}: must be an array of objects, found ${describe(rows)}`);
  const wrong = rows.findIndex((row) => !isObject(row));
  if (wrong >= 0)
    throw new Error(`${path}: element ${wrong}: must be an object, found ${describe(rows[wrong])}`);
  yield { rows, at: null };
};

/** What is wrong with a text that should be a JSON object. */
function explain(place: string, text: string): string {
  try {
    return `${place}: must be an object, found ${describe(JSON.parse(text))}`;
  } catch {
    const shown = text.length > 60 ? `${text.slice(0, 40)} … ${text.slice(-20)}` : text;
    const cut = /[}\]]\s*$/.test(text) ? '' : '; it may be cut off';
    return `${place}: is not JSON: found ${JSON.stringify(shown)}${cut}`;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
