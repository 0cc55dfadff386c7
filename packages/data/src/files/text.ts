import { linesOf, readText, readTextRuns, type TextPosition } from './lines.ts';
import type { Reader } from './reader.ts';

/** Plain text: one row `{ text }` for the whole file, or for each line that is not empty. */
export const readPlainText: Reader = async function* (path, { sampleBy = 'document' }, from) {
  if (sampleBy === 'document') {
    yield { rows: [{ text: await readText(path) }], at: null };
    return;
  }
  for await (const run of readTextRuns(path, from as TextPosition))
    yield { rows: linesOf(run).flatMap((text) => (text === '' ? [] : [{ text }])), at: run.at };
};
