import { PairTable } from '../text/pair-table.ts';

const NONE = 0x7fffffff;
/** Words up to this many symbols are merged by scanning, longer ones with a heap. */
const SCAN_LIMIT = 48;
const POSITIONS = 2 ** 31;

/**
 * The merging loop of BPE (Sennrich et al. 2016, algorithm 1): while some neighbouring pair of symbols is in
 * the merge list, join the pair of lowest rank, the leftmost among equals.
 */
export class BpeMerger {
  readonly #pairs: PairTable;
  readonly #rankOf: Int32Array; // by entry of #pairs
  readonly #idOf: Int32Array; // by rank
  /** Scratch: write a word's symbols here, then call `merge`. */
  symbols = new Int32Array(256);
  /** Scratch: how much of the source each symbol covers; joined symbols add theirs. */
  lengths = new Int32Array(256);
  #ranks = new Int32Array(256);

  /** @param merges left id, right id, joined id, flattened, in the order of rank */
  constructor(merges: Int32Array) {
    const count = merges.length / 3;
    this.#pairs = new PairTable(count);
    this.#rankOf = new Int32Array(count);
    this.#idOf = new Int32Array(count);
    for (let rank = 0; rank < count; rank++) {
      // A pair listed twice takes its later rank, as in the reference.
      this.#rankOf[this.#pairs.findOrAdd(merges[rank * 3]!, merges[rank * 3 + 1]!)] = rank;
      this.#idOf[rank] = merges[rank * 3 + 2]!;
    }
  }

  /** Makes room for a word of `count` symbols. */
  reserve(count: number): void {
    if (count <= this.symbols.length) return;
    const capacity = Math.max(count, this.symbols.length * 2);
    this.symbols = new Int32Array(capacity);
    this.lengths = new Int32Array(capacity);
    this.#ranks = new Int32Array(capacity);
  }

  /** Merges the first `count` symbols in place and returns how many remain. */
  merge(count: number): number {
    return count <= SCAN_LIMIT ? this.#mergeByScanning(count) : this.#mergeByHeap(count);
  }

  #rank(left: number, right: number): number {
    const entry = this.#pairs.find(left, right);
    return entry < 0 ? NONE : this.#rankOf[entry]!;
  }

  #mergeByScanning(count: number): number {
    const { symbols, lengths } = this;
    const ranks = this.#ranks;
    const last = count - 1;
    for (let i = 0; i < last; i++) ranks[i] = this.#rank(symbols[i]!, symbols[i + 1]!);
    for (let remaining = count; ; remaining--) {
      let best = NONE;
      let at = -1;
      for (let i = 0; i < remaining - 1; i++) {
        if (ranks[i]! < best) {
          best = ranks[i]!;
          at = i;
        }
      }
      if (at < 0) return remaining;
      symbols[at] = this.#idOf[best]!;
      lengths[at]! += lengths[at + 1]!;
      for (let i = at + 1; i < remaining - 1; i++) {
        symbols[i] = symbols[i + 1]!;
        lengths[i] = lengths[i + 1]!;
        ranks[i] = ranks[i + 1]!;
      }
      if (at > 0) ranks[at - 1] = this.#rank(symbols[at - 1]!, symbols[at]!);
      if (at < remaining - 2) ranks[at] = this.#rank(symbols[at]!, symbols[at + 1]!);
    }
  }

  /**
   * BPE-dropout (Provilkov et al. 2020): before each merge every candidate is left out by chance; one that was
   * left out may come back after the merge.
   * @param skip says whether to leave out a candidate
   */
  mergeWithDropout(count: number, skip: () => boolean): number {
    return this.#mergeByHeap(count, skip);
  }

  /** O(n log n): a heap of `rank · 2³¹ + position`; entries that have gone stale are recognised by rank. */
  #mergeByHeap(count: number, skip?: () => boolean): number {
    const { symbols, lengths } = this;
    const ranks = this.#ranks;
    const next = new Int32Array(count);
    const previous = new Int32Array(count);
    const heap = new MinHeap(count * 2);
    const skipped: number[] = [];
    for (let i = 0; i < count; i++) {
      next[i] = i + 1;
      previous[i] = i - 1;
      ranks[i] = i + 1 < count ? this.#rank(symbols[i]!, symbols[i + 1]!) : NONE;
      if (ranks[i] !== NONE) heap.push(ranks[i]! * POSITIONS + i);
    }
    while (heap.size > 0) {
      const top = heap.pop();
      const rank = Math.floor(top / POSITIONS);
      const at = top - rank * POSITIONS;
      if (ranks[at] !== rank) continue;
      if (skip?.()) {
        skipped.push(top);
        continue;
      }
      for (const each of skipped) heap.push(each);
      skipped.length = 0;
      const right = next[at]!;
      symbols[at] = this.#idOf[rank]!;
      lengths[at]! += lengths[right]!;
      ranks[right] = NONE;
      const after = next[right]!;
      next[at] = after;
      if (after < count) previous[after] = at;
      ranks[at] = after < count ? this.#rank(symbols[at]!, symbols[after]!) : NONE;
      if (ranks[at] !== NONE) heap.push(ranks[at]! * POSITIONS + at);
      const before = previous[at]!;
      if (before < 0) continue;
      ranks[before] = this.#rank(symbols[before]!, symbols[at]!);
      if (ranks[before] !== NONE) heap.push(ranks[before]! * POSITIONS + before);
    }
    let kept = 0;
    for (let i = 0; i < count; i = next[i]!) {
      symbols[kept] = symbols[i]!;
      lengths[kept++] = lengths[i]!;
    }
    return kept;
  }
}

/** A binary heap of numbers, the smallest on top. */
export class MinHeap {
  size = 0;
  #items: Float64Array;

  constructor(capacity: number) {
    this.#items = new Float64Array(Math.max(capacity, 16));
  }

  push(item: number): void {
    if (this.size === this.#items.length) {
      const items = new Float64Array(this.size * 2);
      items.set(this.#items);
      this.#items = items;
    }
    const items = this.#items;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]! <= item) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): number {
    const items = this.#items;
    const top = items[0]!;
    const item = items[--this.size]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && items[child + 1]! < items[child]!) child++;
      if (items[child]! >= item) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = item;
    return top;
  }
}
