import { Heap } from '../heap.ts';
import { PairTable } from '../text/pair-table.ts';

/** Words of a corpus as symbols: word `w` is `symbols[starts[w] .. starts[w] + lengths[w]]`. */
export interface CountedWords {
  symbols: Int32Array;
  starts: Int32Array;
  lengths: Int32Array;
  /** How often each word occurs; doubles, so that no corpus overflows them. */
  counts: Float64Array;
}

export interface LearnOptions {
  /** Pairs that occur less often are not merged. */
  minFrequency: number;
  /** Symbols never cover this many initial symbols or more; Infinity for no limit. */
  maxTokenLength: number;
  /**
   * The id of the joined token; new or (when another merge already made that string) existing, or -1 to pass
   * the pair over.
   */
  join(left: number, right: number): number;
  /** Asked before each merge. */
  isFull(): boolean;
  /** Whether a pair may become a token at all. Default: all may. */
  mayJoin?(left: number, right: number): boolean;
  /** Which of two equally frequent pairs comes first. Default: the one of smaller ids. */
  precedes?(a: readonly [number, number], b: readonly [number, number]): boolean;
}

/** A candidate: a pair, how often it was seen when queued, and the words it was seen in since. */
interface Candidate {
  pair: number;
  count: number;
  words: ArrayLike<number>;
}

/**
 * Learns BPE merges: repeatedly joins the most frequent pair, the one of smaller ids among equals. Counts
 * are kept up to date by looking only at the words that hold the pair; a lazy heap holds the candidates, whose
 * counts are corrected when they surface. Equals `BpeTrainer` of Hugging Face tokenizers merge for merge.
 * @returns left and right id of each merge, in order
 */
export function learnMerges(words: CountedWords, options: LearnOptions): [number, number][] {
  const { precedes } = options;
  const { pairs, wordsOf } = firstPairs(words);
  let counts: Float64Array = countPairs(words, pairs);
  const newWords: (number[] | undefined)[] = [];
  const touched: number[] = [];
  const spans = options.maxTokenLength < Infinity ? new Int32Array(words.symbols.length).fill(1) : null;

  const change = (left: number, right: number, count: number, word: number) => {
    const pair = pairs.findOrAdd(left, right);
    if (pair === counts.length) {
      const grown = new Float64Array(pair * 2);
      grown.set(counts);
      counts = grown;
    }
    counts[pair]! += count;
    if (count < 0) return;
    const list = newWords[pair];
    if (!list) {
      newWords[pair] = [word];
      touched.push(pair);
    } else if (list[list.length - 1] !== word) list.push(word);
  };

  const heap = new Heap<Candidate>((a, b) => {
    if (a.count !== b.count) return a.count > b.count;
    if (precedes) {
      const pairOf = (entry: number) => [pairs.left(entry), pairs.right(entry)] as const;
      return precedes(pairOf(a.pair), pairOf(b.pair));
    }
    const left = pairs.left(a.pair) - pairs.left(b.pair);
    return left !== 0 ? left < 0 : pairs.right(a.pair) < pairs.right(b.pair);
  });
  const queue = (pair: number, holders: ArrayLike<number>) => {
    if (!(counts[pair]! > 0)) return;
    if (options.mayJoin?.(pairs.left(pair), pairs.right(pair)) === false) return;
    heap.push({ pair, count: counts[pair]!, words: holders });
  };
  for (let pair = 0; pair < pairs.size; pair++) queue(pair, wordsOf(pair));

  const merges: [number, number][] = [];
  while (!options.isFull() && heap.size > 0) {
    const top = heap.pop();
    if (top.count !== counts[top.pair]) {
      top.count = counts[top.pair]!;
      if (top.count > 0) heap.push(top);
      continue;
    }
    if (top.count < Math.max(1, options.minFrequency)) break;
    const left = pairs.left(top.pair);
    const right = pairs.right(top.pair);
    const joined = options.join(left, right);
    if (joined < 0) continue;
    merges.push([left, right]);
    for (let i = 0; i < top.words.length; i++) {
      mergeWord(words, spans, top.words[i]!, left, right, joined, options.maxTokenLength, change);
    }
    for (const pair of touched) {
      queue(pair, newWords[pair]!);
      newWords[pair] = undefined;
    }
    touched.length = 0;
  }
  return merges;
}

/** The pairs of neighbours at the beginning, and the words that hold each, in one array for all. */
function firstPairs({ symbols, starts, lengths }: CountedWords) {
  const pairs = new PairTable(1 << 14);
  let holders = new Int32Array(1 << 14);
  let last = new Int32Array(1 << 14).fill(-1);
  const eachPair = (visit: (pair: number, word: number) => void) => {
    for (let word = 0; word < starts.length; word++) {
      const end = starts[word]! + lengths[word]! - 1;
      for (let i = starts[word]!; i < end; i++) visit(pairs.findOrAdd(symbols[i]!, symbols[i + 1]!), word);
    }
  };
  eachPair((pair, word) => {
    if (pair === holders.length) {
      holders = grown(holders, 0);
      last = grown(last, -1);
    }
    if (last[pair] === word) return;
    last[pair] = word;
    holders[pair]!++;
  });
  const ends = new Int32Array(pairs.size);
  let total = 0;
  for (let pair = 0; pair < pairs.size; pair++) {
    ends[pair] = total;
    total += holders[pair]!;
  }
  const lists = new Int32Array(total);
  last.fill(-1);
  eachPair((pair, word) => {
    if (last[pair] === word) return;
    last[pair] = word;
    lists[ends[pair]!++] = word;
  });
  const wordsOf = (pair: number) => lists.subarray(pair === 0 ? 0 : ends[pair - 1]!, ends[pair]!);
  return { pairs, wordsOf };
}

function countPairs({ symbols, starts, lengths, counts }: CountedWords, pairs: PairTable): Float64Array {
  const totals = new Float64Array(Math.max(16, pairs.size));
  for (let word = 0; word < starts.length; word++) {
    const end = starts[word]! + lengths[word]! - 1;
    for (let i = starts[word]!; i < end; i++)
      totals[pairs.find(symbols[i]!, symbols[i + 1]!)]! += counts[word]!;
  }
  return totals;
}

function grown(array: Int32Array, fill: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(array.length * 2);
  copy.set(array);
  if (fill !== 0) copy.fill(fill, array.length);
  return copy;
}

/** Joins the pair throughout one word, in place, and reports the pairs that vanish and appear. */
function mergeWord(
  words: CountedWords,
  spans: Int32Array | null,
  word: number,
  left: number,
  right: number,
  joined: number,
  maxLength: number,
  change: (left: number, right: number, count: number, word: number) => void,
): void {
  const { symbols } = words;
  const start = words.starts[word]!;
  const end = start + words.lengths[word]!;
  const count = words.counts[word]!;
  let to = start;
  for (let from = start; from < end; from++, to++) {
    if (symbols[from] !== left || from + 1 >= end || symbols[from + 1] !== right) {
      symbols[to] = symbols[from]!;
      if (spans) spans[to] = spans[from]!;
      continue;
    }
    const span = spans ? spans[from]! + spans[from + 1]! : 0;
    if (to > start) {
      change(symbols[to - 1]!, left, -count, word);
      if (!spans || spans[to - 1]! + span < maxLength) change(symbols[to - 1]!, joined, count, word);
    }
    symbols[to] = joined;
    if (spans) spans[to] = span;
    from++;
    if (from + 1 < end) {
      change(right, symbols[from + 1]!, -count, word);
      if (!spans || spans[from + 1]! + span < maxLength) change(joined, symbols[from + 1]!, count, word);
    }
  }
  words.lengths[word] = to - start;
}
