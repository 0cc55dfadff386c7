import { resized } from '../resized.ts';
import type { LearnOptions } from './bpe-merges.ts';
import { CandidateQueue } from './candidate-queue.ts';
import { CountedPairs } from './counted-pairs.ts';
import { type CountedWords, HEADER, nextWord } from './counted-words.ts';
import { byIds, byTexts } from './pair-order.ts';

/** In what is known of a neighbour: which side it is on, and its pairs that vanish and appear. */
const BEFORE = 0;
const AFTER = 4;
const VANISHING = 1;
const APPEARING = 2;

/**
 * Counts are kept up to date by looking only at the words that hold the pair; a lazy heap holds the candidates, whose
 * counts are corrected when they surface. The same in C, and faster, is `WasmMergeLearner`.
 */
export class MergeLearner {
  readonly #words: CountedWords;
  readonly #options: LearnOptions;
  /** How many initial symbols the symbol in each cell covers, where that is limited. */
  readonly #spans: Int32Array | null;
  readonly #pairs = new CountedPairs(1 << 14);
  /** The words that hold each pair at the beginning, in one array for all. */
  #firstWords = new Int32Array(0);
  #firstEnds = new Int32Array(0);
  /** The words in which each pair has come up since it was last queued: lists in one pool. */
  #heads = new Int32Array(1 << 14); // by pair: node + 1, 0 = none
  readonly #nodes = new NodePool();
  readonly #touched: number[] = [];
  /** The number of the merge at hand. */
  #merge = 0;
  /** By neighbour and side: the merge in which it was met last, and its pairs in that merge, -1 where not known. */
  #near = new Int32Array(1 << 14);

  constructor(words: CountedWords, options: LearnOptions) {
    this.#words = words;
    this.#options = options;
    const isLimited = options.maxTokenLength < Infinity;
    this.#spans = isLimited ? new Int32Array(words.end).fill(1) : null;
  }

  learn(): [number, number][] {
    const { join, isFull, minFrequency, texts, order = texts ? byTexts(texts) : byIds } = this.#options;
    const pairs = this.#pairs;
    this.#countPairs();
    // A candidate is a pair and the words to look for it in: a list, or -1 for those at the beginning.
    const queue = new CandidateQueue((a, b) =>
      order(pairs.left(a), pairs.right(a), pairs.left(b), pairs.right(b)),
    );
    const propose = (pair: number, list: number) => {
      if (pairs.count(pair) > 0) queue.push(pairs.count(pair), pair, list);
      else if (list >= 0) this.#nodes.release(list);
    };
    for (let pair = 0, { size } = pairs; pair < size; pair++) propose(pair, -1);
    const merges: [number, number][] = [];
    while (!isFull() && queue.size > 0) {
      const candidate = queue.pop();
      const { count, pair, list } = candidate;
      const current = pairs.count(pair);
      if (count !== current) {
        if (current > 0) queue.push(current, pair, list, candidate.age);
        continue;
      }
      if (count < Math.max(1, minFrequency)) break;
      const left = pairs.left(pair);
      const right = pairs.right(pair);
      const joined = join(left, right);
      if (joined < 0) {
        if (list >= 0) this.#nodes.release(list);
        continue;
      }
      merges.push([left, right]);
      this.#mergeAll(pair, list, left, right, joined);
      for (const each of this.#touched) {
        const head = this.#heads[each]! - 1;
        this.#heads[each] = 0;
        propose(each, head);
      }
      this.#touched.length = 0;
    }
    return merges;
  }

  #mergeAll(pair: number, list: number, left: number, right: number, joined: number): void {
    this.#merge++;
    if (list < 0) {
      const end = this.#firstEnds[pair]!;
      for (let i = pair === 0 ? 0 : this.#firstEnds[pair - 1]!; i < end; i++) {
        this.#mergeWord(this.#firstWords[i]!, left, right, joined);
      }
      return;
    }
    for (let node = list; node >= 0; node = this.#nodes.next(node)) {
      this.#mergeWord(this.#nodes.word(node), left, right, joined);
    }
    this.#nodes.release(list);
  }

  /** Joins the pair throughout one word, in place, and keeps account of the pairs that vanish and appear. */
  #mergeWord(word: number, left: number, right: number, joined: number): void {
    const { cells: symbols, counts } = this.#words;
    const spans = this.#spans;
    const start = word + HEADER;
    const end = start + symbols[word + 2]!;
    const count = counts[word >> 1]!;
    const { maxTokenLength } = this.#options;
    let from = start;
    while (from + 1 < end && (symbols[from] !== left || symbols[from + 1] !== right)) from++;
    let to = from;
    for (; from < end; from++, to++) {
      if (symbols[from] !== left || from + 1 >= end || symbols[from + 1] !== right) {
        symbols[to] = symbols[from]!;
        if (spans) spans[to] = spans[from]!;
        continue;
      }
      const span = spans ? spans[from]! + spans[from + 1]! : 0;
      if (to > start) {
        const before = symbols[to - 1]!;
        const place = this.#placeOf(before, BEFORE);
        this.#remove(place, before, left, count);
        if (!spans || spans[to - 1]! + span < maxTokenLength) this.#add(place, before, joined, count, word);
      }
      symbols[to] = joined;
      if (spans) spans[to] = span;
      from++;
      if (from + 1 < end) {
        const after = symbols[from + 1]!;
        const place = this.#placeOf(after, AFTER);
        this.#remove(place, right, after, count);
        if (!spans || spans[from + 1]! + span < maxTokenLength) this.#add(place, joined, after, count, word);
      }
    }
    symbols[word + 2] = to - start;
  }

  /** Where it says what pairs this neighbour of the pair that is merged is in: the same ones come up again and again. */
  #placeOf(neighbour: number, side: number): number {
    const place = neighbour * 8 + side;
    if (place >= this.#near.length) this.#near = resized(this.#near, place * 2);
    const near = this.#near;
    if (near[place] !== this.#merge) {
      near[place] = this.#merge;
      near[place + VANISHING] = -1;
      near[place + APPEARING] = -1;
    }
    return place;
  }

  #remove(place: number, left: number, right: number, count: number): void {
    let pair = this.#near[place + VANISHING]!;
    if (pair < 0) this.#near[place + VANISHING] = pair = this.#pairs.find(left, right);
    // Pairs that would be too long were never counted.
    if (pair >= 0) this.#pairs.add(pair, -count);
  }

  #add(place: number, left: number, right: number, count: number, word: number): void {
    let pair = this.#near[place + APPEARING]!;
    if (pair < 0) this.#near[place + APPEARING] = pair = this.#pairs.findOrAdd(left, right);
    if (pair === this.#heads.length) this.#heads = resized(this.#heads, pair * 2);
    this.#pairs.add(pair, count);
    const head = this.#heads[pair]! - 1;
    if (head < 0) this.#touched.push(pair);
    else if (this.#nodes.word(head) === word) return;
    this.#heads[pair] = this.#nodes.add(word, head) + 1;
  }

  #eachPair(visit: (pair: number, word: number) => void): void {
    const { cells, end } = this.#words;
    for (let word = 0; word < end; ) {
      const length = cells[word + 2]!;
      const last = word + HEADER + length - 1;
      for (let i = word + HEADER; i < last; i++) visit(this.#pairs.findOrAdd(cells[i]!, cells[i + 1]!), word);
      word = nextWord(word, length);
    }
  }

  /** Counts the pairs at the beginning and notes the words that hold them. */
  #countPairs(): void {
    let holders = new Int32Array(1 << 14);
    let last = new Int32Array(1 << 14); // word + 1
    this.#eachPair((pair, word) => {
      if (pair === holders.length) {
        holders = resized(holders, holders.length * 2);
        last = resized(last, last.length * 2);
        this.#heads = resized(this.#heads, this.#heads.length * 2);
      }
      this.#pairs.add(pair, this.#words.counts[word >> 1]!);
      if (last[pair] === word + 1) return;
      last[pair] = word + 1;
      holders[pair]!++;
    });
    const ends = new Int32Array(this.#pairs.size);
    let total = 0;
    for (let pair = 0; pair < ends.length; pair++) {
      ends[pair] = total;
      total += holders[pair]!;
    }
    const lists = new Int32Array(total);
    last.fill(0);
    this.#eachPair((pair, word) => {
      if (last[pair] === word + 1) return;
      last[pair] = word + 1;
      lists[ends[pair]!++] = word;
    });
    this.#firstWords = lists;
    this.#firstEnds = ends;
  }
}

/** Linked lists of words; nodes that are released are used again. */
class NodePool {
  /** Of each node the word and the next node. */
  #cells = new Int32Array(1 << 15);
  #size = 0;
  #free = -1;

  word(node: number): number {
    return this.#cells[node * 2]!;
  }

  /** The next node of the list, or -1. */
  next(node: number): number {
    return this.#cells[node * 2 + 1]!;
  }

  /** A new node in front of a list (-1: the empty one). */
  add(word: number, next: number): number {
    let node = this.#free;
    if (node >= 0) this.#free = this.next(node);
    else {
      node = this.#size++;
      if (node * 2 === this.#cells.length) this.#cells = resized(this.#cells, node * 4);
    }
    this.#cells[node * 2] = word;
    this.#cells[node * 2 + 1] = next;
    return node;
  }

  /** Gives back a whole list. */
  release(list: number): void {
    let last = list;
    while (this.next(last) >= 0) last = this.next(last);
    this.#cells[last * 2 + 1] = this.#free;
    this.#free = list;
  }
}
