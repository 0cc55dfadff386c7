import { PieceType, type SentencePieceModel } from './model-file.ts';

const utf8 = new TextEncoder();

/** The score of each piece in a Unigram search: user-defined symbols outdo whatever else could cover their characters. */
export function scoresOf({ pieces }: SentencePieceModel): Float64Array {
  const highest = pieces.reduce(
    (best, { score, type }) => (type === PieceType.normal ? Math.max(best, score) : best),
    -Infinity,
  );
  return Float64Array.from(pieces, ({ piece, score, type }) =>
    type === PieceType.userDefined ? Math.fround(utf8.encode(piece).length * highest) - 0.1 : score,
  );
}
