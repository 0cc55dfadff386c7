import type { Path, UnigramSearch } from '../models/unigram-search.ts';
import { floatError, RESET } from '../models/unigram-viterbi.ts';
import { WordTable } from '../text/word-table.ts';
import { SPACE_SYMBOL } from './normalizer.ts';

/** Words remembered with their pieces; when there are more, all are forgotten. */
const CACHED_WORDS = 1 << 15;
const CACHED_LENGTH = 64;
/** The part of `RESET` that sums are surely below before a word in which one of its positions passes it. */
const NEAR = 0.9;

interface Word {
  /** The best path, with positions from the beginning of the word. */
  path: Path;
  /** By how much it beat the runner-up. */
  margin: number;
  /** What comes out. */
  ids: number[];
}

/** Writes out a path: unknown characters become bytes or one token. */
type Emit = (text: string, path: Path, push: (id: number) => void) => void;

/**
 * Unigram segmentation word by word, known words from a cache. No piece may reach over the beginning of a word;
 * the best segmentation of a text is then that of its words. Where segmentations are nearly as good, rounding of
 * the sum over the whole text decides in the original, so those decisions are made again with the sum so far.
 */
export class WordwiseUnigram {
  readonly #search: UnigramSearch;
  readonly #scores: Float64Array;
  readonly #unknownId: number;
  readonly #emit: Emit;
  readonly #cache = new WordTable(1 << 10);
  #words: Word[] = [];

  constructor(search: UnigramSearch, scores: Float64Array, unknownId: number, emit: Emit) {
    this.#search = search;
    this.#scores = scores;
    this.#unknownId = unknownId;
    this.#emit = emit;
  }

  /** Appends the ids of a text. */
  encode(text: string, out: number[]): void {
    const before = out.length;
    const isDone = this.#eachWord(text, ({ ids }) => {
      for (let i = 0; i < ids.length; i++) out.push(ids[i]!);
    });
    if (isDone) return;
    out.length = before;
    this.#emit(text, this.#search.bestInFloats(text, 0, text.length), (id) => out.push(id));
  }

  /** The best path through a text. */
  best(text: string): Path {
    const whole: Path = [];
    const isDone = this.#eachWord(text, ({ path }, start) => {
      for (const [from, to, id] of path) whole.push([from + start, to + start, id]);
    });
    return isDone ? whole : this.#search.bestInFloats(text, 0, text.length);
  }

  /** Returns whether all words could be found by themselves: not where the sum comes near to being set back. */
  #eachWord(text: string, visit: (word: Word, start: number) => void): boolean {
    let total = 0;
    for (let start = 0; start < text.length; ) {
      const end = wordEnd(text, start);
      let word = this.#word(text, start, end);
      if (word.margin <= floatError(total, end - start)) word = this.#segment(text, start, end, total);
      visit(word, start);
      for (const [, , id] of word.path) {
        total = Math.fround(total + (id === this.#unknownId ? this.#search.unknownScore : this.#scores[id]!));
      }
      if (Math.abs(total) > RESET * NEAR) return false;
      start = end;
    }
    return true;
  }

  #word(text: string, start: number, end: number): Word {
    const hash = WordTable.hash(text, start, end);
    const known = this.#cache.find(text, start, end, hash);
    if (known >= 0) return this.#words[known]!;
    const word = this.#segment(text, start, end);
    if (end - start > CACHED_LENGTH) return word;
    if (this.#cache.size === CACHED_WORDS) {
      this.#cache.clear();
      this.#words = [];
    }
    this.#words[this.#cache.add(text, start, end, hash)] = word;
    return word;
  }

  /** @param total the sum so far, where it matters */
  #segment(text: string, start: number, end: number, total?: number): Word {
    const word = text.slice(start, end);
    const path =
      total === undefined
        ? this.#search.best(word, 0, word.length)
        : this.#search.bestInFloats(word, 0, word.length, total);
    const { margin } = this.#search;
    const ids: number[] = [];
    this.#emit(word, path, (id) => ids.push(id));
    return { path, margin, ids };
  }
}

const SPACE = SPACE_SYMBOL.charCodeAt(0);

/** Where the word that begins at `start` ends: before the next visible space. */
function wordEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) === SPACE) at++;
  while (at < text.length && text.charCodeAt(at) !== SPACE) at++;
  return at;
}
