/**
 * The pre-token patterns on ASCII as state machines. A state says what the pre-token at hand has been so far; an
 * entry says, for the next kind of byte, whether a pre-token ends before it, and what the state is then. Where
 * more than one byte of memory would be needed, the entry is `ESCAPE`, and the pattern has to be tried from the
 * beginning of the pre-token.
 */

/** Kinds of bytes. */
const UPPERCASE = 0;
const LOWERCASE = 1;
const DIGIT = 2;
const BLANK = 3;
/** Other white space. */
const WHITE = 4;
const NEWLINE = 5;
const SYMBOL = 6;
const SLASH = 7;
const QUOTE = 8;
/** No ASCII, or the end of the text. */
const OTHER = 9;

/** The kind of each byte. */
export const BYTE_KINDS: Uint8Array = new Uint8Array(256).map((_, byte) => {
  const char = String.fromCharCode(byte);
  if (byte >= 0x80) return OTHER;
  if (/[A-Z]/.test(char)) return UPPERCASE;
  if (/[a-z]/.test(char)) return LOWERCASE;
  if (/[0-9]/.test(char)) return DIGIT;
  if (char === ' ') return BLANK;
  if (char === '\r' || char === '\n') return NEWLINE;
  if (/\s/.test(char)) return WHITE;
  return char === '/' ? SLASH : char === "'" ? QUOTE : SYMBOL;
});

/** Bit 0 of an action: a pre-token ends here, or (bit 1) one byte before. */
export const CUT = 1;
const CUT_BEFORE = 3;
/** Bit 2 of an action: leave it to the pattern. From bit 3 on: the next state, times `KINDS`. */
export const ESCAPE = 4;
export const KINDS = 16;

/** What happens at a kind of byte: `CUT`, `CUT_BEFORE` or neither (0), and the state after it; or an escape. */
type Action = readonly [cut: number, state: string] | 'escape' | 'cut and escape';
type Kind = 'upper' | 'lower' | 'digit' | 'blank' | 'white' | 'newline' | 'symbol' | 'slash' | 'quote';

/** @param states the first is the beginning of a pre-token; what a state does not list is an escape */
function compile(states: Record<string, Partial<Record<Kind, Action>>>): Uint16Array {
  const names = Object.keys(states);
  const kinds: Kind[] = ['upper', 'lower', 'digit', 'blank', 'white', 'newline', 'symbol', 'slash', 'quote'];
  const table = new Uint16Array(names.length * KINDS).fill(ESCAPE);
  names.forEach((name, state) => {
    kinds.forEach((kind, column) => {
      const action = states[name]![kind] ?? 'escape';
      const at = state * KINDS + column;
      if (action === 'cut and escape') table[at] = ESCAPE | CUT;
      else if (action !== 'escape') table[at] = ((names.indexOf(action[1]) * KINDS) << 3) | action[0];
    });
  });
  return table;
}

const letters = (action: Action) => ({ upper: action, lower: action });
const symbols = (action: Action) => ({ symbol: action, slash: action });
const spaces = (action: Action) => ({ blank: action, white: action, newline: action });
/** A new pre-token begins, whatever comes. An apostrophe may begin a contraction. */
const fresh = (start: Record<string, Action>, cut: number) =>
  Object.fromEntries(
    Object.entries(start).map(([kind, action]) => [
      kind,
      typeof action === 'string' ? (cut ? 'cut and escape' : action) : [cut, action[1]],
    ]),
  ) as Partial<Record<Kind, Action>>;

const GPT2_START = {
  ...letters([0, 'letters']),
  digit: [0, 'digits'],
  blank: [0, 'blank'],
  white: [0, 'white'],
  newline: [0, 'white'],
  ...symbols([0, 'symbols']),
  quote: 'escape',
} satisfies Partial<Record<Kind, Action>>;
const gpt2Cut = fresh(GPT2_START, CUT);
/** A blank goes with the word after it. */
const gpt2Blank = (cut: number): Partial<Record<Kind, Action>> => ({
  ...letters([cut, 'letters']),
  digit: [cut, 'digits'],
  ...symbols([cut, 'symbols']),
  quote: [cut, 'symbols'],
});

/** `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` */
export const GPT2_TABLE: Uint16Array = compile({
  start: GPT2_START,
  letters: { ...gpt2Cut, ...letters([0, 'letters']) },
  digits: { ...gpt2Cut, digit: [0, 'digits'] },
  symbols: { ...gpt2Cut, ...symbols([0, 'symbols']), quote: [0, 'symbols'] },
  blank: { ...gpt2Blank(0), blank: [0, 'blanks'], white: [0, 'whites'], newline: [0, 'whites'] },
  white: { ...gpt2Cut, blank: [0, 'blanks'], white: [0, 'whites'], newline: [0, 'whites'] },
  // Two or more of white space, the last a blank or not.
  blanks: { ...gpt2Blank(CUT_BEFORE), blank: [0, 'blanks'], white: [0, 'whites'], newline: [0, 'whites'] },
  whites: { blank: [0, 'blanks'], white: [0, 'whites'], newline: [0, 'whites'] },
});

/** cl100k, Llama-3 and Qwen2. @param digits that stay together, 1 or 3 */
export function cl100kTable(digits: 1 | 3): Uint16Array {
  const start = {
    ...letters([0, 'letters']),
    digit: [0, digits === 1 ? 'digit 3' : 'digit 1'],
    blank: [0, 'blank'],
    white: [0, 'white'],
    newline: [0, 'newline'],
    ...symbols([0, 'symbol']),
    quote: 'escape',
  } satisfies Partial<Record<Kind, Action>>;
  const cut = fresh(start, CUT);
  return compile({
    start,
    letters: { ...cut, ...letters([0, 'letters']) },
    'digit 1': { ...cut, digit: [0, 'digit 2'] },
    'digit 2': { ...cut, digit: [0, 'digit 3'] },
    'digit 3': cut,
    ...modernSymbols(cut, letters([0, 'letters']), letters([CUT_BEFORE, 'letters'])),
  });
}

/** Symbols, white space and lines, as cl100k and o200k have them. */
const modernSymbols = (
  cut: Partial<Record<Kind, Action>>,
  word: Partial<Record<Kind, Action>>,
  wordFromBlank: Partial<Record<Kind, Action>>,
) =>
  ({
    // One symbol may begin a word.
    symbol: {
      ...cut,
      ...word,
      ...symbols([0, 'symbols']),
      quote: [0, 'symbols'],
      newline: [0, 'symbol lines'],
    },
    symbols: { ...cut, ...symbols([0, 'symbols']), quote: [0, 'symbols'], newline: [0, 'symbol lines'] },
    'symbol lines': { ...cut, newline: [0, 'symbol lines'] },
    blank: {
      ...cut,
      ...word,
      ...symbols([0, 'symbols']),
      quote: [0, 'symbols'],
      ...spaces([0, 'whites']),
      blank: [0, 'blanks'],
      newline: [0, 'newline'],
    },
    white: { ...cut, ...word, blank: [0, 'blanks'], white: [0, 'whites'], newline: [0, 'newline'] },
    // Two or more of white space without a line end after them, the last a blank or not.
    blanks: {
      ...wordFromBlank,
      ...symbols([CUT_BEFORE, 'symbols']),
      quote: [CUT_BEFORE, 'symbols'],
      blank: [0, 'blanks'],
      white: [0, 'whites'],
      newline: [0, 'newline'],
    },
    whites: { ...wordFromBlank, blank: [0, 'blanks'], white: [0, 'whites'], newline: [0, 'newline'] },
    newline: { ...cut, blank: 'escape', white: 'escape', newline: [0, 'newline'] },
  }) satisfies Record<string, Partial<Record<Kind, Action>>>;

const O200K_START = {
  upper: [0, 'capitals'],
  lower: [0, 'small'],
  digit: [0, 'digit 1'],
  blank: [0, 'blank'],
  white: [0, 'white'],
  newline: [0, 'newline'],
  ...symbols([0, 'symbol']),
  quote: [0, 'symbol'],
} satisfies Partial<Record<Kind, Action>>;
const o200kCut = fresh(O200K_START, CUT);
const o200kSymbols = modernSymbols(
  o200kCut,
  { upper: [0, 'capitals'], lower: [0, 'small'] },
  { upper: [CUT_BEFORE, 'capitals'], lower: [CUT_BEFORE, 'small'] },
);

/** Words are capitals, then small letters; a contraction may follow. */
export const O200K_TABLE: Uint16Array = compile({
  start: O200K_START,
  capitals: { ...o200kCut, upper: [0, 'capitals'], lower: [0, 'small'], quote: 'escape' },
  small: { ...o200kCut, lower: [0, 'small'], quote: 'escape' },
  'digit 1': { ...o200kCut, digit: [0, 'digit 2'] },
  'digit 2': { ...o200kCut, digit: [0, 'digit 3'] },
  'digit 3': o200kCut,
  ...o200kSymbols,
  'symbol lines': { ...o200kSymbols['symbol lines'], slash: [0, 'symbol lines'] },
});

/**
 * The kinds of each two bytes, read as one little-endian number: 16 times the first's plus the second's.
 * @param kinds of each byte, below `KINDS`
 */
export function pairKinds(kinds: Uint8Array): Uint8Array {
  const pairs = new Uint8Array(0x10000);
  for (let pair = 0; pair < pairs.length; pair++) {
    pairs[pair] = kinds[pair & 0xff]! * KINDS + kinds[pair >> 8]!;
  }
  return pairs;
}

/**
 * A table for two bytes at a time, by state (times 256) and kinds of both. The first byte's bits 0 to 2 are as
 * in the table for one byte, the second's follow as bits 3 and 4, the next state (times 256) from bit 5 on. What
 * is an escape at either byte is one here.
 */
export function pairTable(table: Uint16Array): Int32Array {
  const pairs = new Int32Array(table.length * KINDS).fill(ESCAPE);
  for (let at = 0; at < pairs.length; at++) {
    const first = table[at >> 4]!;
    if (first & ESCAPE) continue;
    const second = table[(first >> 3) + (at & 15)]!;
    if (second & ESCAPE) continue;
    pairs[at] = (first & 3) | ((second & 3) << 3) | (((second >> 3) * KINDS) << 5);
  }
  return pairs;
}
