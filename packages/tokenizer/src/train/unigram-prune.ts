import { PrefixTrie } from '../text/prefix-trie.ts';

/**
 * How each piece would be spelled without it: the ids of the best other segmentation, `none` where there is no
 * other, or `better` where another scores higher than the piece itself.
 */
export function cheapestAlternatives(
  pieces: readonly string[],
  scores: Float64Array,
): (number[] | 'none' | 'better')[] {
  const trie = new PrefixTrie(pieces.map((piece, id) => [piece, id]));
  const longest = pieces.reduce((length, piece) => Math.max(length, piece.length), 0);
  const best = new Float64Array(longest + 1);
  const from = new Int32Array(longest + 1);
  const ids = new Int32Array(longest + 1);
  return pieces.map((piece, own) => {
    best.fill(-Infinity, 0, piece.length + 1);
    best[0] = 0;
    for (let start = 0; start < piece.length; start++) {
      if (best[start] === -Infinity) continue;
      for (let node = 0, end = start; end < piece.length; ) {
        node = trie.step(node, piece.charCodeAt(end++));
        if (node === 0) break;
        const id = trie.valueAt(node);
        if (id < 0 || id === own || best[start]! + scores[id]! <= best[end]!) continue;
        best[end] = best[start]! + scores[id]!;
        from[end] = start;
        ids[end] = id;
      }
    }
    if (best[piece.length] === -Infinity) return 'none';
    if (best[piece.length]! > scores[own]!) return 'better';
    const path: number[] = [];
    for (let end = piece.length; end > 0; end = from[end]!) path.push(ids[end]!);
    return path.reverse();
  });
}
