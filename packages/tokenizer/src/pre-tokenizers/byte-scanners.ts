import { charClasses, LETTER, LOWER, NEWLINE, NUMBER, SPACE, UPPER } from '../text/char-class.ts';
import {
  BYTE_KINDS,
  cl100kTable,
  ESCAPE,
  GPT2_TABLE,
  KINDS,
  O200K_TABLE,
  pairKinds,
  pairTable,
} from './ascii-tables.ts';
import { PATTERNS } from './scanners.ts';

/**
 * Finds pre-tokens in UTF-8: writes the ends of those that begin at `start` and after to `ends` and returns how
 * many. The byte at `end` must be `END`, and 16 more must be readable. With `more`, the text goes on after `end`,
 * and pre-tokens that what follows could change are left out.
 */
export type ByteScanner = (
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  more: boolean,
  ends: Int32Array,
) => number;

/** Stands after the text; no UTF-8 holds it. */
export const END = 0xff;
/** Nothing that a pattern looks at beyond a pre-token is longer than this. */
const LOOKAHEAD = 8;

const WORDLIKE = LETTER | NUMBER | SPACE;
const QUOTE = 0x27;
const BLANK = 0x20;
const CR = 0x0d;
const LF = 0x0a;
const SLASH = 0x2f;

let classes: Uint8Array = new Uint8Array(0);

function prepare(): void {
  if (classes.length === 0) classes = charClasses();
}

const lengthOf = (lead: number) => (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);

function codePointAt(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return lead;
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | (bytes[at + 1]! & 0x3f);
  if (lead < 0xf0) {
    return ((lead & 0xf) << 12) | ((bytes[at + 1]! & 0x3f) << 6) | (bytes[at + 2]! & 0x3f);
  }
  return (
    ((lead & 7) << 18) |
    ((bytes[at + 1]! & 0x3f) << 12) |
    ((bytes[at + 2]! & 0x3f) << 6) |
    (bytes[at + 3]! & 0x3f)
  );
}

/** Property bits of the character at `at`, which must not be the end. */
const classAt = (bytes: Uint8Array, at: number): number => classes[codePointAt(bytes, at)]!;

/** The end of the run of characters whose bits under `mask` equal `value`. */
function runEnd(bytes: Uint8Array, start: number, mask: number, value: number): number {
  const table = classes;
  for (let at = start; ; ) {
    const byte = bytes[at]!;
    if (byte < 0x80) {
      if ((table[byte]! & mask) !== value) return at;
      at++;
    } else if (byte >= 0xe0 && byte < 0xf0) {
      const codePoint = ((byte & 0xf) << 12) | ((bytes[at + 1]! & 0x3f) << 6) | (bytes[at + 2]! & 0x3f);
      if ((table[codePoint]! & mask) !== value) return at;
      at += 3;
    } else {
      if (byte === END || (table[codePointAt(bytes, at)]! & mask) !== value) return at;
      at += byte < 0xe0 ? 2 : 4;
    }
  }
}

/** `\s+(?!\S)|\s+`: whitespace that leaves its last character to a word that follows. */
function whitespaceEnd(bytes: Uint8Array, start: number, stop: number, end: number): number {
  if (stop >= end) return stop;
  let last = stop - 1;
  while ((bytes[last]! & 0xc0) === 0x80) last--;
  return last > start ? last : stop;
}

/** Length of `'s|'t|'re|'ve|'m|'ll|'d` at an apostrophe, or 0. */
function contraction(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1]!;
  if (first === 0x73 || first === 0x74 || first === 0x6d || first === 0x64) return 2;
  const second = bytes[at + 2]!;
  if (second === 0x65) return first === 0x72 || first === 0x76 ? 3 : 0;
  return first === 0x6c && second === 0x6c ? 3 : 0;
}

/** The same in any case; ſ (long s) folds to s. */
function foldedContraction(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1]!;
  if (first === 0xc5) return bytes[at + 2] === 0xbf ? 3 : 0;
  if (first >= 0x80) return 0;
  const letter = first | 0x20;
  if (first >= 0x41 && (letter === 0x73 || letter === 0x74 || letter === 0x6d || letter === 0x64)) return 2;
  const second = bytes[at + 2]!;
  if (first < 0x41 || second < 0x41 || second >= 0x80) return 0;
  if ((second | 0x20) === 0x65) return letter === 0x72 || letter === 0x76 ? 3 : 0;
  return letter === 0x6c && (second | 0x20) === 0x6c ? 3 : 0;
}

/** The end of up to `limit` numbers. */
function numbersEnd(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  for (let count = 0; count < limit; count++) {
    const byte = bytes[at]!;
    if (byte === END || !(classAt(bytes, at) & NUMBER)) break;
    at += lengthOf(byte);
  }
  return at;
}

/** ` ?[^\s\p{L}\p{N}]+` and after it any of `\r\n` and (o200k) `/`; -1 where it does not match. */
function symbolsEnd(bytes: Uint8Array, start: number, slash: boolean): number {
  const from = bytes[start] === BLANK ? start + 1 : start;
  let at = runEnd(bytes, from, WORDLIKE, 0);
  if (at === from) return -1;
  for (let byte = bytes[at]!; byte === LF || byte === CR || (slash && byte === SLASH); byte = bytes[at]!)
    at++;
  return at;
}

/** `\s*[\r\n]+|\s+(?!\S)|\s+`; with `trailing`, whitespace that ends the text stays whole. */
function linesEnd(bytes: Uint8Array, start: number, end: number, more: boolean, trailing: boolean): number {
  const stop = runEnd(bytes, start, SPACE, SPACE);
  if (stop === end && (trailing || more)) return stop;
  for (let at = stop - 1; at >= start; at--) if (bytes[at] === LF || bytes[at] === CR) return at + 1;
  return whitespaceEnd(bytes, start, stop, end);
}

/** The end of the pre-token that begins at `at`, before `end`. */
export type Step = (bytes: Uint8Array, at: number, end: number, more: boolean) => number;

const stepGpt2: Step = (bytes, at, end) => {
  const byte = bytes[at]!;
  const short = byte === QUOTE ? contraction(bytes, at) : 0;
  if (short > 0) return at + short;
  const from = byte === BLANK ? at + 1 : at;
  const kind = from === end ? SPACE : classAt(bytes, from) & WORDLIKE;
  if (kind !== SPACE) return runEnd(bytes, from, WORDLIKE, kind);
  return whitespaceEnd(bytes, at, runEnd(bytes, at, SPACE, SPACE), end);
};

/** cl100k, Llama-3 and Qwen2, which differ in how many digits stay together and in the end of the text. */
const stepCl100k =
  (digits: number, trailing: boolean): Step =>
  (bytes, at, end, more) => {
    const byte = bytes[at]!;
    const short = byte === QUOTE ? foldedContraction(bytes, at) : 0;
    if (short > 0) return at + short;
    const kind = classAt(bytes, at);
    if (kind & LETTER) return runEnd(bytes, at, LETTER, LETTER);
    if (kind & NUMBER) return numbersEnd(bytes, at, digits);
    if ((kind & NEWLINE) === 0) {
      const from = at + lengthOf(byte);
      const stop = runEnd(bytes, from, LETTER, LETTER);
      if (stop > from) return stop;
    }
    const symbols = symbolsEnd(bytes, at, false);
    return symbols > 0 ? symbols : linesEnd(bytes, at, end, more, trailing);
  };

/** `U*L+` from `start`, as a backtracking matcher finds it; -1 where it does not match. */
function lowerEnd(bytes: Uint8Array, start: number, end: number, more: boolean): number {
  const upper = runEnd(bytes, start, UPPER, UPPER);
  const lower = runEnd(bytes, upper, LOWER, LOWER);
  if (lower > upper || (more && upper === end)) return lower;
  // U* gives characters back until one can begin L+.
  for (let at = upper; at > start; ) {
    let before = at - 1;
    while ((bytes[before]! & 0xc0) === 0x80) before--;
    if (classAt(bytes, before) & LOWER) return at;
    at = before;
  }
  return -1;
}

/** o200k: words are capitals then small letters, with an ending contraction. */
const stepO200k: Step = (bytes, at, end, more) => {
  const kind = classAt(bytes, at);
  const prefixed = (kind & (LETTER | NUMBER | NEWLINE)) === 0 ? at + lengthOf(bytes[at]!) : -1;
  let stop = prefixed > 0 ? lowerEnd(bytes, prefixed, end, more) : -1;
  if (stop < 0) stop = lowerEnd(bytes, at, end, more);
  if (stop < 0 && prefixed > 0) {
    const upper = runEnd(bytes, prefixed, UPPER, UPPER);
    if (upper > prefixed) stop = upper;
  }
  if (stop < 0 && kind & UPPER) stop = runEnd(bytes, at, UPPER, UPPER);
  if (stop > 0) return stop + (bytes[stop] === QUOTE ? foldedContraction(bytes, stop) : 0);
  if (kind & NUMBER) return numbersEnd(bytes, at, 3);
  const symbols = symbolsEnd(bytes, at, true);
  return symbols > 0 ? symbols : linesEnd(bytes, at, end, more, false);
};

/**
 * Steps through text with a table, two bytes at a time and without a branch that depends on the text; what the
 * table does not know is left to `step`.
 * @param kindOf the kind of each byte; that of `END` must be an escape in every state
 */
export function tableScanner(step: Step, table: Uint16Array, kindOf = BYTE_KINDS): ByteScanner {
  let actions: Int32Array | undefined;
  let kinds: Uint8Array | undefined;
  return (bytes, view, start, end, more, ends) => {
    if (actions === undefined || kinds === undefined) {
      actions = pairTable(table);
      kinds = kindOf === BYTE_KINDS ? pairKindsOfPatterns() : pairKinds(kindOf);
    }
    const room = ends.length - 2;
    let count = 0;
    let state = 0;
    for (let at = start; count < room; ) {
      const both = actions[state + kinds[view.getUint16(at, true)]!]!;
      if ((both & ESCAPE) === 0) {
        ends[count] = at - ((both >> 1) & 1);
        count += both & 1;
        ends[count] = at + 1 - ((both >> 4) & 1);
        count += (both >> 3) & 1;
        state = both >> 5;
        at += 2;
        continue;
      }
      const action = table[(state >> 4) + kindOf[bytes[at]!]!]!;
      ends[count] = at - ((action >> 1) & 1);
      count += action & 1;
      state = (action >> 3) * KINDS;
      at++;
      if ((action & ESCAPE) === 0) continue;
      const from = count > 0 ? ends[count - 1]! : start;
      if (from >= end) break;
      at = step(bytes, from, end, more);
      if (at > (more ? end - LOOKAHEAD : end)) break;
      ends[count++] = at;
      state = 0;
    }
    return count;
  };
}

let patternKinds: Uint8Array | undefined;

/** The kinds of two bytes, which all patterns share. */
function pairKindsOfPatterns(): Uint8Array {
  prepare();
  patternKinds ??= pairKinds(BYTE_KINDS);
  return patternKinds;
}

/** One pre-token: the whole text. */
export const wholeText: ByteScanner = (_bytes, _view, start, end, more, ends) => {
  if (more || start === end) return 0;
  ends[0] = end;
  return 1;
};

/** What the scanner in WebAssembly needs to do the same. */
export interface ScannerPlan {
  /** Which functions find what the table does not. */
  readonly step: 'gpt2' | 'cl100k' | 'o200k' | 'whole';
  /** Of cl100k and its kin: how many digits stay together, whether white space that ends the text stays whole. */
  readonly digits: number;
  readonly trailing: boolean;
  readonly table: Uint16Array;
}

const PLANS = new Map<ByteScanner, ScannerPlan>([
  [wholeText, { step: 'whole', digits: 0, trailing: false, table: new Uint16Array(0) }],
]);

function planned(plan: ScannerPlan): ByteScanner {
  const { step, digits, trailing, table } = plan;
  const steps = { gpt2: stepGpt2, cl100k: stepCl100k(digits, trailing), o200k: stepO200k, whole: stepGpt2 };
  const scanner = tableScanner(steps[step], table);
  PLANS.set(scanner, plan);
  return scanner;
}

const cl100k = (digits: 1 | 3, trailing: boolean) =>
  planned({ step: 'cl100k', digits, trailing, table: cl100kTable(digits) });

const SCANNERS = new Map<string, ByteScanner>([
  [PATTERNS.gpt2, planned({ step: 'gpt2', digits: 0, trailing: false, table: GPT2_TABLE })],
  [PATTERNS.cl100k, cl100k(3, true)],
  [PATTERNS.o200k, planned({ step: 'o200k', digits: 3, trailing: false, table: O200K_TABLE })],
  [PATTERNS.llama3, cl100k(3, false)],
  [PATTERNS.qwen2, cl100k(1, false)],
]);

/** How to make a scanner's twin, or undefined where there is none. */
export const planOf = (scanner: ByteScanner): ScannerPlan | undefined => PLANS.get(scanner);

/** The hand-written scanner of UTF-8 for a pattern, or undefined where there is none. */
export const byteScannerFor = (pattern: string): ByteScanner | undefined => SCANNERS.get(pattern);
