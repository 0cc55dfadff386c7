import { extractTag } from '../format.ts';
import { lastNumber } from '../numbers.ts';

// The patterns look at most 2,000 characters ahead: a model that goes wrong may write \( ten thousand times.

/** Where an answer is looked for. */
export type AnswerPlace = 'boxed' | 'anywhere';

/**
 * The answer that a solution states: the last `\boxed{…}`, else (`anywhere`) the last `<answer>…</answer>`, what follows
 * `####`, "the answer is" or "answer:", the last formula between dollars or brackets, the last number. What stands
 * before a `</think>` does not count.
 *
 * @returns undefined when there is none
 */
export function extractMathAnswer(solution: string, place: AnswerPlace = 'anywhere'): string | undefined {
  const thought = solution.lastIndexOf('</think>');
  const text = thought < 0 ? solution : solution.slice(thought + '</think>'.length);
  const boxed = lastBoxed(text);
  if (boxed !== undefined || place === 'boxed') return boxed;
  const tagged = extractTag(text);
  if (tagged) return tagged;
  const marked = lastMatch(text, /####[ \t]*(.+)/g);
  if (marked) return marked;
  const stated = lastMatch(
    text,
    /(?:answer|solution|result)(?:\s+(?:is|equals|will be|would be)\b|\s*[:=])[\s:]*((?:\$[^$]{1,2000}\$|[^\n])+)/gi,
  );
  if (stated) return firstFormula(stated) ?? firstSentence(stated);
  const formula = lastMatch(
    text,
    /\$\$(.{1,2000}?)\$\$|\$([^$]{1,2000})\$|\\\[(.{1,2000}?)\\\]|\\\((.{1,2000}?)\\\)/gs,
  );
  return formula ?? lastNumber(text);
}

/**
 * What the last `\boxed` (or `\fbox`) of a text holds, braces within it included; `\boxed 5` holds the next word.
 * @returns undefined when there is none, or its braces never close
 */
export function lastBoxed(text: string): string | undefined {
  const start = Math.max(text.lastIndexOf('\\boxed'), text.lastIndexOf('\\fbox'));
  if (start < 0) return undefined;
  const open = /^\\(?:boxed|fbox)\s*/.exec(text.slice(start))![0].length + start;
  if (text[open] !== '{') return /^[^\s$]+/.exec(text.slice(open))?.[0];
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return text.slice(open + 1, i).trim();
  }
  return undefined;
}

function lastMatch(text: string, pattern: RegExp): string | undefined {
  const match = [...text.matchAll(pattern)].at(-1);
  return match
    ?.slice(1)
    .find((group) => group !== undefined)
    ?.trim();
}

function firstFormula(text: string): string | undefined {
  const match = /\$\$?([^$]{1,2000})\$|\\\[(.{1,2000}?)\\\]|\\\((.{1,2000}?)\\\)/s.exec(text);
  return match?.slice(1).find((group) => group !== undefined);
}

/** Up to a full stop that ends a sentence, or to a reason; bold marks are no part of an answer. */
function firstSentence(text: string): string {
  return text
    .replaceAll('**', '')
    .split(/\.(?=\s|$)|,?\s(?:because|since|as|which)\s/)[0]!
    .trim();
}
