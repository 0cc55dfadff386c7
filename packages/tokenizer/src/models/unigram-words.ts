import { CUT, ESCAPE, KINDS } from '../pre-tokenizers/ascii-tables.ts';
import { type ByteScanner, END, tableScanner } from '../pre-tokenizers/byte-scanners.ts';

const LETTER = 0;
const BLANK = 1;
const ALONE = 2;
const STOP = 3;

/** The bytes of a piece, with a space for `▁`. */
export const pieceBytes = (piece: string): Uint8Array => utf8.encode(piece.replaceAll('▁', ' '));

const utf8 = new TextEncoder();

/**
 * A scanner of UTF-8 in which a space stands for `▁`, for pieces that hold it only at their beginning: a word is
 * spaces and what follows up to the next space.
 * @param joinsBlanks whether spaces in a row begin one word or each their own
 * @param pieces if given, ASCII characters that are in none with others are words of their own
 */
export function unigramWords(joinsBlanks: boolean, pieces?: Iterable<Uint8Array>): ByteScanner {
  const kinds = new Uint8Array(256);
  if (pieces) {
    kinds.fill(ALONE, 0, 0x80);
    for (const piece of pieces) if (piece.length > 1) for (const byte of piece) kinds[byte] = LETTER;
  }
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
