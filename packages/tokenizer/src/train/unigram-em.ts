import { logAdd } from '../models/unigram-lattice.ts';
import { resized } from '../resized.ts';
import { PrefixTrie } from '../text/prefix-trie.ts';

/** Words with their counts and, for each, the pieces found in it. */
export interface PieceArcs {
  counts: Float64Array;
  /** Word `w` is `lengths[w]` units long and has the arcs from `first[w]` to `first[w + 1]`, sorted by start. */
  lengths: Int32Array;
  first: Int32Array;
  starts: Uint16Array;
  ends: Uint16Array;
  ids: Int32Array;
}

/** Finds every piece in every word, once: EM then only looks at these arcs. */
export function findArcs(
  words: readonly string[],
  counts: ArrayLike<number>,
  pieces: readonly string[],
): PieceArcs {
  const trie = new PrefixTrie(pieces.map((piece, id) => [piece, id]));
  const first = new Int32Array(words.length + 1);
  let capacity = 1 << 16;
  let starts = new Uint16Array(capacity);
  let ends = new Uint16Array(capacity);
  let ids = new Int32Array(capacity);
  let arcs = 0;
  words.forEach((word, w) => {
    for (let start = 0; start < word.length; start++) {
      for (let node = 0, end = start; end < word.length; ) {
        node = trie.step(node, word.charCodeAt(end++));
        if (node === 0) break;
        const id = trie.valueAt(node);
        if (id < 0) continue;
        if (arcs === capacity) {
          capacity = Math.floor(capacity * 1.5);
          starts = resized(starts, capacity);
          ends = resized(ends, capacity);
          ids = resized(ids, capacity);
        }
        starts[arcs] = start;
        ends[arcs] = end;
        ids[arcs++] = id;
      }
    }
    first[w + 1] = arcs;
  });
  return {
    counts: Float64Array.from(counts),
    lengths: Int32Array.from(words, (word) => word.length),
    first,
    starts: starts.subarray(0, arcs),
    ends: ends.subarray(0, arcs),
    ids: ids.subarray(0, arcs),
  };
}

/** The arcs whose piece is still there, renumbered. `newId` is -1 for pieces that are gone. */
export function keepArcs(arcs: PieceArcs, newId: Int32Array): PieceArcs {
  const first = new Int32Array(arcs.first.length);
  let kept = 0;
  const { starts, ends, ids } = arcs;
  for (let w = 0; w + 1 < first.length; w++) {
    for (let arc = arcs.first[w]!; arc < arcs.first[w + 1]!; arc++) {
      const id = newId[ids[arc]!]!;
      if (id < 0) continue;
      starts[kept] = starts[arc]!;
      ends[kept] = ends[arc]!;
      ids[kept++] = id;
    }
    first[w + 1] = kept;
  }
  return {
    ...arcs,
    first,
    starts: starts.subarray(0, kept),
    ends: ends.subarray(0, kept),
    ids: ids.subarray(0, kept),
  };
}

/**
 * The expected number of times each piece is used (the E step), summed over all segmentations of all words,
 * each weighed by its probability. Kudo 2018, section 3.2.
 * @returns the expectations and the log-likelihood of the words
 */
export function expectations(
  arcs: PieceArcs,
  scores: Float64Array,
): { expected: Float64Array; logLikelihood: number } {
  const expected = new Float64Array(scores.length);
  const longest = arcs.lengths.reduce((a, b) => Math.max(a, b), 0);
  const forward = new Float64Array(longest + 1);
  const backward = new Float64Array(longest + 1);
  const probabilities = scores.map(Math.exp);
  let logLikelihood = 0;
  for (let w = 0; w < arcs.counts.length; w++) {
    const [from, to, length, count] = [arcs.first[w]!, arcs.first[w + 1]!, arcs.lengths[w]!, arcs.counts[w]!];
    forward.fill(0, 0, length + 1);
    backward.fill(0, 0, length + 1);
    forward[0] = 1;
    backward[length] = 1;
    for (let arc = from; arc < to; arc++) {
      forward[arcs.ends[arc]!]! += forward[arcs.starts[arc]!]! * probabilities[arcs.ids[arc]!]!;
    }
    const total = forward[length]!;
    // Long words leave the range of doubles.
    if (!(total > 1e-280)) {
      logLikelihood += count * addInLogSpace(arcs, w, scores, expected);
      continue;
    }
    for (let arc = to - 1; arc >= from; arc--) {
      backward[arcs.starts[arc]!]! += backward[arcs.ends[arc]!]! * probabilities[arcs.ids[arc]!]!;
    }
    for (let arc = from; arc < to; arc++) {
      const id = arcs.ids[arc]!;
      expected[id]! +=
        (count * forward[arcs.starts[arc]!]! * probabilities[id]! * backward[arcs.ends[arc]!]!) / total;
    }
    logLikelihood += count * Math.log(total);
  }
  return { expected, logLikelihood };
}

/** The same for one word in logarithms: slower, for any length. Returns the word's log-likelihood. */
export function addInLogSpace(
  arcs: PieceArcs,
  w: number,
  scores: Float64Array,
  expected: Float64Array,
): number {
  const [from, to, length] = [arcs.first[w]!, arcs.first[w + 1]!, arcs.lengths[w]!];
  const forward = new Float64Array(length + 1).fill(-Infinity);
  const backward = new Float64Array(length + 1).fill(-Infinity);
  forward[0] = 0;
  backward[length] = 0;
  for (let arc = from; arc < to; arc++) {
    const end = arcs.ends[arc]!;
    forward[end] = logAdd(forward[end]!, forward[arcs.starts[arc]!]! + scores[arcs.ids[arc]!]!);
  }
  const total = forward[length]!;
  // A word that the pieces cannot spell says nothing about them.
  if (total === -Infinity) return 0;
  for (let arc = to - 1; arc >= from; arc--) {
    const start = arcs.starts[arc]!;
    backward[start] = logAdd(backward[start]!, backward[arcs.ends[arc]!]! + scores[arcs.ids[arc]!]!);
  }
  for (let arc = from; arc < to; arc++) {
    const id = arcs.ids[arc]!;
    const log = forward[arcs.starts[arc]!]! + scores[id]! + backward[arcs.ends[arc]!]! - total;
    expected[id]! += arcs.counts[w]! * Math.exp(log);
  }
  return total;
}

/** How often each piece is used in the best segmentations of the words. */
export function bestPathCounts(arcs: PieceArcs, scores: Float64Array): Float64Array {
  const used = new Float64Array(scores.length);
  const longest = arcs.lengths.reduce((a, b) => Math.max(a, b), 0);
  const best = new Float64Array(longest + 1);
  const via = new Int32Array(longest + 1);
  for (let w = 0; w < arcs.counts.length; w++) {
    const length = arcs.lengths[w]!;
    best.fill(-Infinity, 0, length + 1);
    best[0] = 0;
    for (let arc = arcs.first[w]!; arc < arcs.first[w + 1]!; arc++) {
      const total = best[arcs.starts[arc]!]! + scores[arcs.ids[arc]!]!;
      if (total <= best[arcs.ends[arc]!]!) continue;
      best[arcs.ends[arc]!] = total;
      via[arcs.ends[arc]!] = arc;
    }
    if (best[length] === -Infinity) continue;
    for (let at = length; at > 0; at = arcs.starts[via[at]!]!) used[arcs.ids[via[at]!]!]! += arcs.counts[w]!;
  }
  return used;
}

/** Derivative of the logarithm of the gamma function, by its recurrence and asymptotic series. */
export function digamma(x: number): number {
  let shifted = x;
  let result = 0;
  for (; shifted < 7; shifted++) result -= 1 / shifted;
  const y = 1 / (shifted * shifted);
  return result + Math.log(shifted) - 0.5 / shifted - y * (1 / 12 - y * (1 / 120 - y / 252));
}
