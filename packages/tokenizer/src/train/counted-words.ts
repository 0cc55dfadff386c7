/** Cells before the symbols of a word: its count, a double, in two, and how many symbols it has. */
export const HEADER = 3;

/**
 * Words of a corpus as symbols, all of a word in one place, as most of them are far away in memory: at an even cell
 * its count, then the number of its symbols, then these.
 */
export class CountedWords {
  cells: Int32Array = new Int32Array(1 << 14);
  /** The same memory: the count of the word at `start` is `counts[start >> 1]`; doubles, so that no corpus overflows them. */
  counts: Float64Array = new Float64Array(this.cells.buffer);
  /** Where the next word begins; words are below that. */
  end = 0;
  #filled = 0;

  /** @param words symbols and counts */
  static of(words: Iterable<readonly [symbols: Iterable<number>, count: number]>): CountedWords {
    const all = new CountedWords();
    for (const [symbols, count] of words) {
      all.begin();
      for (const symbol of symbols) all.push(symbol);
      all.finish(count);
    }
    return all;
  }

  /** Begins a word, whose symbols are pushed next. */
  begin(): void {
    this.#filled = this.end + HEADER;
    if (this.#filled >= this.cells.length) this.#grow();
  }

  push(symbol: number): void {
    if (this.#filled === this.cells.length) this.#grow();
    this.cells[this.#filled++] = symbol;
  }

  finish(count: number): void {
    this.cells[this.end + 2] = this.#filled - this.end - HEADER;
    this.counts[this.end >> 1] = count;
    this.end = nextWord(this.end, this.#filled - this.end - HEADER);
  }

  #grow(): void {
    const counts = new Float64Array(this.counts.length * 2);
    const cells = new Int32Array(counts.buffer);
    cells.set(this.cells);
    this.counts = counts;
    this.cells = cells;
  }
}

/** Where the word after that of so many symbols at `start` begins. */
export const nextWord = (start: number, length: number): number => (start + HEADER + length + 1) & ~1;
