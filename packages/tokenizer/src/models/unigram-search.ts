import { PrefixTrie } from '../text/prefix-trie.ts';
import { Lattice } from './unigram-lattice.ts';
import { RESET } from './unigram-viterbi.ts';

/** Pieces of a segmentation, in order. */
export type Path = [start: number, end: number, id: number][];

export interface SearchOptions {
  /** Pieces and their ids. */
  pieces: Iterable<[piece: string, id: number]>;
  /** By id. */
  scores: Float64Array;
  unknownScore: number;
  /** Called with the character where no piece covers it; returns the id to use or throws. */
  unknownId: (char: string) => number;
}

/**
 * Finds segmentations of highest total score (Viterbi). Source: Kudo 2018, "Subword Regularization",
 * section 3.2.
 */
export class UnigramSearch {
  readonly #options: SearchOptions;
  readonly #trie: PrefixTrie;
  #best = new Float64Array(256);
  #second = new Float64Array(256);
  #from = new Int32Array(256);
  #ids = new Int32Array(256);

  get unknownScore(): number {
    return this.#options.unknownScore;
  }

  constructor(options: SearchOptions) {
    this.#options = options;
    this.#trie = new PrefixTrie(options.pieces);
  }

  /**
   * The best segmentation of `text` from `start` to `end`, with positions in `text`.
   * @param initial the score to begin with: it matters for rounding
   */
  best(text: string, start: number, end: number, initial = 0, forbidden?: ReadonlySet<number>): Path {
    const length = end - start;
    this.#reserve(length + 1);
    const [best, second, from, ids] = [this.#best, this.#second, this.#from, this.#ids];
    const { scores, unknownScore, unknownId } = this.#options;
    const trie = this.#trie;
    from.fill(-1, 0, length + 1);
    second.fill(-Infinity, 0, length + 1);
    best.fill(-Infinity, 0, length + 1);
    best[0] = initial;
    for (let at = 0; at < length; ) {
      const unit = text.charCodeAt(start + at);
      const charEnd = at + ((unit & 0xfc00) === 0xd800 ? 2 : 1);
      const score = best[at]!;
      let covered = false;
      for (let node = 0, to = at; to < length; ) {
        node = trie.step(node, text.charCodeAt(start + to++));
        if (node === 0) break;
        const id = trie.valueAt(node);
        if (id < 0 || forbidden?.has(id)) continue;
        covered ||= to === charEnd;
        const total = score + scores[id]!;
        if (from[to]! < 0 || total > best[to]!) {
          second[to] = best[to]!;
          best[to] = total;
          from[to] = at;
          ids[to] = id;
        } else if (total > second[to]!) second[to] = total;
      }
      if (!covered) {
        const id = unknownId(text.slice(start + at, start + charEnd));
        const total = score + unknownScore;
        if (from[charEnd]! < 0 || total > best[charEnd]!) {
          second[charEnd] = best[charEnd]!;
          best[charEnd] = total;
          from[charEnd] = at;
          ids[charEnd] = id;
        } else if (total > second[charEnd]!) second[charEnd] = total;
      }
      at = charEnd;
    }
    const path: Path = [];
    let margin = Infinity;
    for (let at = length; at > 0; at = from[at]!) {
      path.push([start + from[at]!, start + at, ids[at]!]);
      margin = Math.min(margin, best[at]! - second[at]!);
    }
    this.margin = margin;
    return path.reverse();
  }

  /**
   * The best segmentation as SentencePiece finds it: sums in 32-bit floats, set back to 0 where they pass `RESET`. Of
   * two pieces that come to equal sums, the one that begins first stays.
   */
  bestInFloats(text: string, start: number, end: number, initial = 0): Path {
    const length = end - start;
    this.#reserve(length + 1);
    const [best, from, ids] = [this.#best, this.#from, this.#ids];
    const { scores, unknownScore, unknownId } = this.#options;
    from.fill(-1, 0, length + 1);
    best[0] = initial;
    let frontier = 0;
    const offer = (at: number, to: number, score: number, id: number) => {
      const total = Math.fround(best[at]! + score);
      frontier = Math.max(frontier, to);
      if (from[to]! >= 0 && total <= best[to]!) return;
      best[to] = total;
      from[to] = at;
      ids[to] = id;
    };
    for (let at = 0; at < length; ) {
      const sum = best[at]!;
      if (Math.abs(sum) > RESET) {
        best[at] = 0;
        for (let i = at + 1; i <= frontier; i++) if (from[i]! >= 0) best[i] = Math.fround(best[i]! - sum);
      }
      const charEnd = at + ((text.charCodeAt(start + at) & 0xfc00) === 0xd800 ? 2 : 1);
      let covered = false;
      for (let node = 0, to = at; to < length; ) {
        node = this.#trie.step(node, text.charCodeAt(start + to++));
        if (node === 0) break;
        const id = this.#trie.valueAt(node);
        if (id < 0) continue;
        covered ||= to === charEnd;
        offer(at, to, scores[id]!, id);
      }
      if (!covered) offer(at, charEnd, unknownScore, unknownId(text.slice(start + at, start + charEnd)));
      at = charEnd;
    }
    const path: Path = [];
    for (let at = length; at > 0; at = from[at]!) path.push([start + from[at]!, start + at, ids[at]!]);
    return path.reverse();
  }

  /** By how much the path last found beat the runner-up, where they were closest. */
  margin = Infinity;

  /** All segmentations of a text as a graph, for sampling and n-best search. */
  lattice(text: string, forbidden?: ReadonlySet<number>): Lattice {
    const lattice = new Lattice(text.length);
    const { scores, unknownScore, unknownId } = this.#options;
    for (let start = 0; start < text.length; ) {
      const charEnd = start + ((text.charCodeAt(start) & 0xfc00) === 0xd800 ? 2 : 1);
      let covered = false;
      for (let node = 0, end = start; end < text.length; ) {
        node = this.#trie.step(node, text.charCodeAt(end++));
        if (node === 0) break;
        const id = this.#trie.valueAt(node);
        if (id < 0 || forbidden?.has(id)) continue;
        lattice.add(start, end, id, scores[id]!);
        covered ||= end === charEnd;
      }
      if (!covered) lattice.add(start, charEnd, unknownId(text.slice(start, charEnd)), unknownScore);
      start = charEnd;
    }
    return lattice;
  }

  #reserve(length: number): void {
    if (length <= this.#best.length) return;
    this.#best = new Float64Array(length * 2);
    this.#second = new Float64Array(length * 2);
    this.#from = new Int32Array(length * 2);
    this.#ids = new Int32Array(length * 2);
  }
}
