import { CUT, ESCAPE, KINDS } from '../pre-tokenizers/ascii-tables.ts';
import { type ByteScanner, END, tableScanner } from '../pre-tokenizers/byte-scanners.ts';

const LETTER = 0;
const BLANK = 1;
const ALONE = 2;
const STOP = 3;

/** The bytes of a piece, with a space for `▁`. */
export const pieceBytes = (piece: string): Uint8Array => utf8.encode(piece.replaceAll('▁', ' '));

const utf8 = new TextEncoder();

/** How a text falls into words. */
export interface UnigramWordOptions {
  /** Whether spaces in a row begin one word or each their own. */
  joinsBlanks: boolean;
  /** By ASCII character, 1 where it is a word of its own. */
  alone?: Uint8Array;
}

/** ASCII characters, but for the space, that are in none of the pieces with others. */
export function aloneCharacters(pieces: Iterable<Uint8Array>): Uint8Array {
  const alone = new Uint8Array(0x80).fill(1);
  for (const piece of pieces)
    if (piece.length > 1) for (const byte of piece) if (byte < 0x80) alone[byte] = 0;
  alone[0x20] = 0;
  return alone;
}

/**
 * A scanner of UTF-8 in which a space stands for `▁`, for pieces that hold it only at their beginning: a word is
 * spaces and what follows up to the next space.
 */
export function unigramWords({ joinsBlanks, alone }: UnigramWordOptions): ByteScanner {
  const kinds = new Uint8Array(256);
  if (alone) for (let byte = 0; byte < 0x80; byte++) if (alone[byte]) kinds[byte] = ALONE;
  kinds[0x20] = BLANK;
  kinds[END] = STOP;
  // States: beginning of a word, blanks, letters, a character alone.
  const next = [LETTER, BLANK, ALONE].map(
    (kind) => ((kind === LETTER ? 2 : kind === BLANK ? 1 : 3) * KINDS) << 3,
  );
  const table = new Uint16Array(4 * KINDS).fill(ESCAPE);
  for (let state = 0; state < 4; state++) {
    for (const kind of [LETTER, BLANK, ALONE]) {
      const goesOn =
        state === 0 ||
        (state === 1 && (kind === LETTER || (kind === BLANK && joinsBlanks))) ||
        (state === 2 && kind === LETTER);
      table[state * KINDS + kind] = next[kind]! | (goesOn ? 0 : CUT);
    }
  }
  return tableScanner((_bytes, _at, end) => end, table, kinds);
}
