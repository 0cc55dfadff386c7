import { ByteTrie } from '../text/byte-trie.ts';

/** What a search has found, in `UnigramViterbi.ids`. */
export interface UnigramPieces {
  /** Pieces and their ids, as bytes; no piece is empty. */
  pieces: readonly (readonly [bytes: Uint8Array, id: number])[];
  /** By id. */
  scores: Float64Array;
  unknownScore: number;
  /** The id of a character that no piece covers, or -1 where that is an error. */
  unknownId: number;
}

/** SentencePiece sets sums back to 0 where they pass this, either way, so that they stay exact enough. */
export const RESET = 100_000;

/**
 * Segmentations of a text of `length` units whose sums differ by less than this may come out in another order when
 * their scores are added to `sum` in 32-bit floats: every addition is off by half a unit in the last place.
 */
export function floatError(sum: number, length: number): number {
  // What a unit costs at most is well below 64.
  return length * 2 ** (Math.ceil(Math.log2(Math.abs(sum) + 64 * length)) - 24);
}

/**
 * The segmentation of highest total score of a range of UTF-8 (Viterbi; Kudo 2018, section 3.2), in typed arrays.
 * `UnigramSearch` is the twin over code units: both add and compare in the same order.
 */
export class UnigramViterbi {
  /** The ids of the best path, the last one first. */
  ids = new Int32Array(64);
  /** The ends of the pieces of the best path, the last one first. */
  stops = new Int32Array(64);
  /** By how much the path last found beat the runner-up, where they were closest. */
  margin = Infinity;
  readonly #trie: ByteTrie;
  readonly #scores: Float64Array;
  readonly #unknownScore: number;
  readonly #unknownId: number;
  #best = new Float64Array(64);
  #second = new Float64Array(64);
  #from = new Int32Array(64);
  #by = new Int32Array(64);

  constructor({ pieces, scores, unknownScore, unknownId }: UnigramPieces) {
    this.#scores = scores;
    this.#unknownScore = unknownScore;
    this.#unknownId = unknownId;
    let size = 16;
    for (const [bytes] of pieces) size += bytes.length;
    this.#trie = new ByteTrie(scores.length, size);
    const shortFirst = pieces.toSorted((a, b) => a[0].length - b[0].length);
    for (const [bytes, id] of shortFirst) this.#trie.add(bytes, 0, bytes.length, id);
  }

  /**
   * Segments `bytes[start..end)`, whole characters.
   * @param initial the score to begin with: it matters for rounding
   * @returns how many pieces there are; -1 where a character is in none and there is no unknown piece
   */
  search(bytes: Uint8Array, start: number, end: number, initial: number): number {
    const length = end - start;
    if (length >= this.#best.length) this.#grow(length + 1);
    const best = this.#best;
    const second = this.#second;
    const from = this.#from;
    const by = this.#by;
    const scores = this.#scores;
    const trie = this.#trie;
    const { roots, limit } = trie;
    for (let i = 1; i <= length; i++) {
      from[i] = -1;
      best[i] = -Infinity;
      second[i] = -Infinity;
    }
    best[0] = initial;
    for (let at = 0; at < length; ) {
      const score = best[at]!;
      const lead = bytes[start + at]!;
      const charEnd = at + (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);
      let covered = false;
      let to = at + 1;
      for (let node = roots[lead]!; node >= 0; ) {
        if (node < limit) {
          if (to === charEnd) covered = true;
          const total = score + scores[node]!;
          if (from[to]! < 0 || total > best[to]!) {
            second[to] = best[to]!;
            best[to] = total;
            from[to] = at;
            by[to] = node;
          } else if (total > second[to]!) second[to] = total;
        }
        if (to === length) break;
        node = trie.step(node, bytes[start + to++]!);
      }
      if (!covered) {
        if (this.#unknownId < 0) return -1;
        const total = score + this.#unknownScore;
        if (from[charEnd]! < 0 || total > best[charEnd]!) {
          second[charEnd] = best[charEnd]!;
          best[charEnd] = total;
          from[charEnd] = at;
          by[charEnd] = this.#unknownId;
        } else if (total > second[charEnd]!) second[charEnd] = total;
      }
      at = charEnd;
    }
    let count = 0;
    let margin = Infinity;
    for (let at = length; at > 0; at = from[at]!) {
      this.ids[count] = by[at]!;
      this.stops[count++] = start + at;
      const lead = best[at]! - second[at]!;
      if (lead < margin) margin = lead;
    }
    this.margin = margin;
    return count;
  }

  /**
   * The same as SentencePiece does it: sums in 32-bit floats, set back to 0 where they pass `RESET`. Of two pieces that
   * come to equal sums, the one that begins first stays. The slow twin is `UnigramSearch.bestInFloats`.
   */
  searchInFloats(bytes: Uint8Array, start: number, end: number, initial: number): number {
    const length = end - start;
    if (length >= this.#best.length) this.#grow(length + 1);
    const best = this.#best;
    const from = this.#from;
    const by = this.#by;
    const scores = this.#scores;
    const trie = this.#trie;
    const { roots, limit } = trie;
    from.fill(-1, 1, length + 1);
    best[0] = initial;
    let frontier = 0;
    for (let at = 0; at < length; ) {
      let score = best[at]!;
      if (score < -RESET || score > RESET) {
        for (let i = at + 1; i <= frontier; i++) if (from[i]! >= 0) best[i] = Math.fround(best[i]! - score);
        score = 0;
      }
      const lead = bytes[start + at]!;
      const charEnd = at + (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);
      let covered = false;
      let to = at + 1;
      for (let node = roots[lead]!; node >= 0; ) {
        if (node < limit) {
          if (to === charEnd) covered = true;
          const total = Math.fround(score + scores[node]!);
          if (to > frontier) frontier = to;
          if (from[to]! < 0 || total > best[to]!) {
            best[to] = total;
            from[to] = at;
            by[to] = node;
          }
        }
        if (to === length) break;
        node = trie.step(node, bytes[start + to++]!);
      }
      if (!covered) {
        if (this.#unknownId < 0) return -1;
        const total = Math.fround(score + this.#unknownScore);
        if (charEnd > frontier) frontier = charEnd;
        if (from[charEnd]! < 0 || total > best[charEnd]!) {
          best[charEnd] = total;
          from[charEnd] = at;
          by[charEnd] = this.#unknownId;
        }
      }
      at = charEnd;
    }
    let count = 0;
    for (let at = length; at > 0; at = from[at]!) {
      this.ids[count] = by[at]!;
      this.stops[count++] = start + at;
    }
    return count;
  }

  #grow(length: number): void {
    const size = length * 2;
    this.#best = new Float64Array(size);
    this.#second = new Float64Array(size);
    this.#from = new Int32Array(size);
    this.#by = new Int32Array(size);
    this.ids = new Int32Array(size);
    this.stops = new Int32Array(size);
  }
}
