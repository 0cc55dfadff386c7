import type { Row } from '../dataset.ts';
import { linesOf, readTextRuns, type TextPosition } from './lines.ts';
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
        const problem = explainJson(`${path}:${run.at.line + i}`, line);
        if (!onInvalid) throw new Error(problem, { cause });
        onInvalid(problem);
      }
    }
    yield { rows, at: run.at };
  }
};

/** What is wrong with a text that should be a JSON object. */
export function explainJson(place: string, text: string): string {
  try {
    return `${place}: must be an object, found ${describe(JSON.parse(text))}`;
  } catch {
    const shown = text.length > 60 ? `${text.slice(0, 40)} … ${text.slice(-20)}` : text;
    const cut = /[}\]]\s*$/.test(text) ? '' : '; it may be cut off';
    return `${place}: is not JSON: found ${JSON.stringify(shown)}${cut}`;
  }
}

/** Whether a JSON value is an object. */
export function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
