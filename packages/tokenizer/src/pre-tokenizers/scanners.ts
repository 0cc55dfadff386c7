import { charClasses, LETTER, LOWER, NEWLINE, NUMBER, SPACE, UPPER } from '../text/char-class.ts';

/** Finds where the pre-token that begins at `start` ends, in `text` up to `end`. Always moves forward. */
export type Scanner = (text: string, start: number, end: number) => number;

let classes: Uint8Array;

/** Property bits of the character at `at`; surrogate pairs are looked up as one. */
function classAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if ((unit & 0xfc00) !== 0xd800) return classes[unit]!;
  return classes[text.codePointAt(at)!]!;
}

const unitsAt = (text: string, at: number) => ((text.charCodeAt(at) & 0xfc00) === 0xd800 ? 2 : 1);

/** The end of the run of characters whose bits under `mask` equal `value`. */
function runEnd(text: string, start: number, end: number, mask: number, value: number): number {
  let at = start;
  while (at < end) {
    const unit = text.charCodeAt(at);
    if ((unit & 0xfc00) !== 0xd800) {
      if ((classes[unit]! & mask) !== value) return at;
      at++;
    } else {
      if ((classAt(text, at) & mask) !== value) return at;
      at += 2;
    }
  }
  return at;
}

/** `\s+(?!\S)|\s+`: whitespace that leaves its last character to a word that follows. */
function whitespaceEnd(start: number, stop: number, end: number): number {
  return stop < end && stop - start > 1 ? stop - 1 : stop;
}

const WORDLIKE = LETTER | NUMBER | SPACE;

/** Length of `'s|'t|'re|'ve|'m|'ll|'d` at `at` (an apostrophe), or 0. */
function contraction(text: string, at: number, end: number): number {
  const first = at + 1 < end ? text[at + 1] : '';
  if (first === 's' || first === 't' || first === 'm' || first === 'd') return 2;
  const second = at + 2 < end ? text[at + 2] : '';
  if (second === 'e') return first === 'r' || first === 'v' ? 3 : 0;
  return first === 'l' && second === 'l' ? 3 : 0;
}

/** The same in any case; ſ (long s) folds to s. */
function foldedContraction(text: string, at: number, end: number): number {
  const letters = text
    .slice(at + 1, Math.min(at + 3, end))
    .toLowerCase()
    .replaceAll('ſ', 's');
  return contraction(`'${letters}`, 0, letters.length + 1);
}

/** The end of up to `limit` numbers. */
function numbersEnd(text: string, start: number, end: number, limit: number): number {
  let at = start;
  for (let count = 0; count < limit && at < end && classAt(text, at) & NUMBER; count++) {
    at += unitsAt(text, at);
  }
  return at;
}

/** ` ?[^\s\p{L}\p{N}]+` and after it any of `\r\n` and (o200k) `/`; -1 where it does not match. */
function symbolsEnd(text: string, start: number, end: number, slash: boolean): number {
  const from = text.charCodeAt(start) === 0x20 ? start + 1 : start;
  let at = runEnd(text, from, end, WORDLIKE, 0);
  if (at === from) return -1;
  while (at < end) {
    const unit = text.charCodeAt(at);
    if (unit !== 0x0a && unit !== 0x0d && !(slash && unit === 0x2f)) break;
    at++;
  }
  return at;
}

/** `\s*[\r\n]+|\s+(?!\S)|\s+`; with `trailing`, whitespace that ends the text stays whole. */
function linesEnd(text: string, start: number, end: number, trailing: boolean): number {
  const stop = runEnd(text, start, end, SPACE, SPACE);
  if (trailing && stop === end) return stop;
  for (let at = stop - 1; at >= start; at--) {
    if (classes[text.charCodeAt(at)]! & NEWLINE) return at + 1;
  }
  return whitespaceEnd(start, stop, end);
}

const scanGpt2: Scanner = (text, start, end) => {
  classes ??= charClasses();
  const unit = text.charCodeAt(start);
  if (unit === 0x27) {
    const length = contraction(text, start, end);
    if (length > 0) return start + length;
  }
  const from = unit === 0x20 && start + 1 < end ? start + 1 : start;
  const kind = classAt(text, from) & WORDLIKE;
  if (kind === SPACE) return whitespaceEnd(start, runEnd(text, start, end, SPACE, SPACE), end);
  return runEnd(text, from, end, WORDLIKE, kind);
};

/** cl100k, Llama-3 and Qwen2, which differ in how many digits stay together and in the end of the text. */
const cl100kScanner =
  (digits: number, trailing: boolean): Scanner =>
  (text, start, end) => {
    classes ??= charClasses();
    if (text.charCodeAt(start) === 0x27) {
      const length = foldedContraction(text, start, end);
      if (length > 0) return start + length;
    }
    const kind = classAt(text, start);
    if (kind & LETTER) return runEnd(text, start, end, LETTER, LETTER);
    if (kind & NUMBER) return numbersEnd(text, start, end, digits);
    if ((kind & NEWLINE) === 0) {
      const from = start + unitsAt(text, start);
      const stop = runEnd(text, from, end, LETTER, LETTER);
      if (stop > from) return stop;
    }
    const symbols = symbolsEnd(text, start, end, false);
    return symbols > 0 ? symbols : linesEnd(text, start, end, trailing);
  };

/** `U*L+` from `start`, as a backtracking matcher finds it; -1 where it does not match. */
function lowerEnd(text: string, start: number, end: number): number {
  const upper = runEnd(text, start, end, UPPER, UPPER);
  const lower = runEnd(text, upper, end, LOWER, LOWER);
  if (lower > upper) return lower;
  // U* gives characters back until one can begin L+.
  for (let at = upper; at > start; ) {
    const low = (text.charCodeAt(at - 1) & 0xfc00) === 0xdc00;
    const before = at - (low ? 2 : 1);
    if (classAt(text, before) & LOWER) return at;
    at = before;
  }
  return -1;
}

/** o200k: words are capitals then small letters, with an ending contraction. */
const scanO200k: Scanner = (text, start, end) => {
  classes ??= charClasses();
  const kind = classAt(text, start);
  const prefixed = (kind & (LETTER | NUMBER | NEWLINE)) === 0 ? start + unitsAt(text, start) : -1;
  let stop = prefixed > 0 ? lowerEnd(text, prefixed, end) : -1;
  if (stop < 0) stop = lowerEnd(text, start, end);
  if (stop < 0 && prefixed > 0) {
    const upper = runEnd(text, prefixed, end, UPPER, UPPER);
    if (upper > prefixed) stop = upper;
  }
  if (stop < 0 && kind & UPPER) stop = runEnd(text, start, end, UPPER, UPPER);
  if (stop > 0) return stop + (text.charCodeAt(stop) === 0x27 ? foldedContraction(text, stop, end) : 0);
  if (kind & NUMBER) return numbersEnd(text, start, end, 3);
  const symbols = symbolsEnd(text, start, end, true);
  return symbols > 0 ? symbols : linesEnd(text, start, end, false);
};

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const modern = (digits: string) =>
  `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
const UPPERS = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const LOWERS = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';

/**
 * Pre-token patterns by the name of the tokenizer they are known from, in Oniguruma syntax, which
 * `tokenizer.json` is in. `gpt2` is also r50k and p50k. Sources: `encoder.py` of GPT-2, the public definitions
 * of tiktoken, the `tokenizer.json` of Llama 3 and Qwen2.
 */
export const PATTERNS = {
  gpt2: "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  cl100k:
    "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++\\z|\\s*[\\r\\n]|\\s+(?!\\S)|\\s",
  o200k: [
    `[^\\r\\n\\p{L}\\p{N}]?${UPPERS}*${LOWERS}+${CONTRACTIONS}?`,
    `[^\\r\\n\\p{L}\\p{N}]?${UPPERS}+${LOWERS}*${CONTRACTIONS}?`,
    '\\p{N}{1,3}',
    ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*',
    '\\s*[\\r\\n]+',
    '\\s+(?!\\S)',
    '\\s+',
  ].join('|'),
  llama3: modern('\\p{N}{1,3}'),
  qwen2: modern('\\p{N}'),
} as const;

const SCANNERS = new Map<string, Scanner>([
  [PATTERNS.gpt2, scanGpt2],
  [PATTERNS.cl100k, cl100kScanner(3, true)],
  [PATTERNS.o200k, scanO200k],
  [PATTERNS.llama3, cl100kScanner(3, false)],
  [PATTERNS.qwen2, cl100kScanner(1, false)],
]);

/** The hand-written scanner for a pattern, or undefined where there is none. */
export const scannerFor = (pattern: string): Scanner | undefined => SCANNERS.get(pattern);
