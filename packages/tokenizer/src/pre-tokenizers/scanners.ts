import { astralClass, bmpClasses, LETTER, NUMBER, SPACE } from '../text/char-class.ts';

/** Finds where the pre-token that begins at `start` ends, in `text` up to `end`. Always moves forward. */
export type Scanner = (text: string, start: number, end: number) => number;

const PATTERNS = new Map<string, Scanner>();

/** The hand-written scanner for a pattern, or undefined where there is none. */
export const scannerFor = (pattern: string): Scanner | undefined => PATTERNS.get(pattern);

/** GPT-2's pattern (Radford et al. 2019, `encoder.py`), also r50k and p50k of tiktoken. */
export const GPT2_PATTERN =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

let classes: Uint8Array;

/** Property bits of the character at `at`; surrogate pairs are looked up as one. */
function classAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if ((unit & 0xfc00) !== 0xd800) return classes[unit]!;
  const low = text.charCodeAt(at + 1);
  return (low & 0xfc00) === 0xdc00 ? astralClass(unit, low) : 0;
}

const unitsAt = (text: string, at: number) => ((text.charCodeAt(at) & 0xfc00) === 0xd800 ? 2 : 1);

/** The end of the run of characters whose bits under `mask` equal `value`. */
function runEnd(text: string, start: number, end: number, mask: number, value: number): number {
  let at = start;
  while (at < end && (classAt(text, at) & mask) === value) at += unitsAt(text, at);
  return at < end ? at : end;
}

/** Length of GPT-2's contraction at `at` (an apostrophe), or 0. */
function contraction(text: string, at: number, end: number): number {
  const first = at + 1 < end ? text[at + 1] : '';
  if (first === 's' || first === 't' || first === 'm' || first === 'd') return 2;
  const second = at + 2 < end ? text[at + 2] : '';
  return (first === 'r' || first === 'v') && second === 'e' ? 3 : first === 'l' && second === 'l' ? 3 : 0;
}

/** Whitespace that ends before its last character where a word follows: `\s+(?!\S)|\s+`. */
function whitespaceEnd(text: string, start: number, end: number): number {
  const stop = runEnd(text, start, end, SPACE, SPACE);
  return stop < end && stop - start > 1 ? stop - 1 : stop;
}

const WORDLIKE = LETTER | NUMBER | SPACE;

const scanGpt2: Scanner = (text, start, end) => {
  classes ??= bmpClasses();
  const unit = text.charCodeAt(start);
  if (unit === 0x27) {
    const length = contraction(text, start, end);
    if (length > 0) return start + length;
  }
  const from = unit === 0x20 && start + 1 < end ? start + 1 : start;
  const kind = classAt(text, from) & WORDLIKE;
  if (kind === SPACE) return whitespaceEnd(text, start, end);
  return runEnd(text, from, end, WORDLIKE, kind);
};

PATTERNS.set(GPT2_PATTERN, scanGpt2);
