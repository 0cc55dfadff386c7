import { resized } from '../resized.ts';
import { WordTable } from '../text/word-table.ts';

/** Counted words in a form that can be sent between threads: word `i` is the units from `ends[i - 1]` to `ends[i]`. */
export interface PackedWords {
  text: string;
  ends: Int32Array;
  counts: Float64Array;
}

/** More distinct words than a gigabyte of prose has; the tables of so many take about a gigabyte. */
export const MAX_WORDS = 8_000_000;

/**
 * The distinct words of a corpus in the order they were first seen, and how often each occurs. Counts are
 * doubles, so that no corpus overflows them.
 */
export class WordCounts {
  #table = new WordTable(1 << 12);
  #counts: Float64Array = new Float64Array(1 << 12);
  readonly #limit: number;

  /** @param limit with more distinct words than this the rarest are forgotten, see `prune` */
  constructor(limit = MAX_WORDS) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#table.size;
  }

  word(index: number): string {
    return this.#table.key(index);
  }

  count(index: number): number {
    return this.#counts[index]!;
  }

  /** Counts the word that is a range of a well-formed text. */
  add(text: string, start: number, end: number, count = 1): void {
    const table = this.#table;
    const hash = WordTable.hash(text, start, end);
    let index = table.find(text, start, end, hash);
    if (index < 0) {
      index = table.add(text, start, end, hash);
      if (index === this.#counts.length) this.#counts = resized(this.#counts, index * 2);
      this.#counts[index] = 0;
    }
    this.#counts[index]! += count;
  }

  addPacked({ text, ends, counts }: PackedWords): void {
    for (let i = 0, start = 0; i < ends.length; start = ends[i++]!)
      this.add(text, start, ends[i]!, counts[i]);
  }

  pack(): PackedWords {
    const ends = new Int32Array(this.size);
    let text = '';
    for (let i = 0; i < this.size; i++) {
      text += this.word(i);
      ends[i] = text.length;
    }
    return { text, ends, counts: this.#counts.slice(0, this.size) };
  }

  /**
   * Where there are more words than the limit, forgets the rarest so that at most half of them stay: all words
   * up to some count. Called at the same places of a corpus it leaves the same words.
   */
  prune(): void {
    if (this.size > this.#limit) this.keepMostFrequent(Math.floor(this.#limit / 2));
  }

  /** Forgets all words up to some count, so that at most `limit` stay. */
  keepMostFrequent(limit: number): void {
    if (this.size <= limit) return;
    const sorted = this.#counts.slice(0, this.size).sort();
    const threshold = sorted[this.size - limit - 1]!;
    const [table, counts, size] = [this.#table, this.#counts, this.size];
    this.clear();
    for (let i = 0; i < size; i++) {
      if (counts[i]! <= threshold) continue;
      const word = table.key(i);
      this.add(word, 0, word.length, counts[i]);
    }
  }

  /** Forgets all words. */
  clear(): void {
    this.#table = new WordTable(1 << 12);
    this.#counts = new Float64Array(1 << 12);
  }
}
