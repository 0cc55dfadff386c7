import { type Piece, PieceType } from './model-file.ts';

/**
 * The merges that join neighbours as SentencePiece does, whose pieces do not say what they were made of: every pair of
 * pieces that make up a piece, in the order of that piece's score; of one piece the longest left parts first.
 * Differs only where occurrences of a piece made of different parts overlap (`aaa` in a row of `a`).
 */
export function sentencePieceMerges(pieces: readonly Piece[]): [string, string][] {
  const normal = pieces.filter(({ type }) => type === PieceType.normal);
  const known = new Set(normal.map(({ piece }) => piece));
  const merges: [string, string][] = [];
  // Of equal scores, those before others in the file.
  for (const { piece } of normal.toSorted((a, b) => b.score - a.score)) {
    for (let at = piece.length - 1; at > 0; at--) {
      const [left, right] = [piece.slice(0, at), piece.slice(at)];
      if (known.has(left) && known.has(right)) merges.push([left, right]);
    }
  }
  return merges;
}
