import { Heap } from '../heap.ts';

/** One way to cut a text into tokens, and its log-probability. */
export interface Segmentation {
  ids: number[];
  tokens: string[];
  score: number;
}

/**
 * The best segmentations of a text from those of its parts: since scores add up, the best `count` of a beginning
 * are enough to know the best `count` of what is longer by a part.
 * @param parts for each part its segmentations, best first
 */
export function bestCombinations(parts: readonly Segmentation[][], count: number): Segmentation[] {
  let best: Segmentation[] = [{ ids: [], tokens: [], score: 0 }];
  for (const part of parts) best = combine(best, part, count);
  return best;
}

function combine(left: Segmentation[], right: Segmentation[], count: number): Segmentation[] {
  // For each of the left the next of the right that it has not been joined with yet.
  const queue = new Heap<{ l: number; r: number; score: number }>((a, b) => a.score > b.score);
  const push = (l: number, r: number) => {
    if (r < right.length) queue.push({ l, r, score: left[l]!.score + right[r]!.score });
  };
  for (let l = 0; l < left.length; l++) push(l, 0);
  const joined: Segmentation[] = [];
  while (queue.size > 0 && joined.length < count) {
    const { l, r, score } = queue.pop();
    const [a, b] = [left[l]!, right[r]!];
    joined.push({ ids: [...a.ids, ...b.ids], tokens: [...a.tokens, ...b.tokens], score });
    push(l, r + 1);
  }
  return joined;
}
