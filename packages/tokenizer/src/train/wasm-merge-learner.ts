import { instantiate, type WasmMemory } from '../wasm/instance.ts';
import { mergesWasm } from '../wasm/merges.ts';
import type { LearnOptions } from './bpe-merges.ts';
import type { CountedWords } from './counted-words.ts';
import { MergeLearner } from './merge-learner.ts';

/** What `native/src/merges.c` exports; addresses are numbers. */
interface Exports {
  readonly memory: WasmMemory;
  room(bytes: number): number;
  setTexts(bytes: number, lengths: number, count: number): void;
  learn(begin: number, end: number, minFrequency: number): void;
}

/** Words of more cells than this may need more memory than WebAssembly has. */
const MAX_CELLS = 1 << 27;
/** What `join` says in WebAssembly when enough is learned. */
const ENOUGH = -2;

/**
 * Learns merges in WebAssembly. The readable twin is `MergeLearner`.
 * @returns the merges, or null where WebAssembly can't be had or does not know what is asked for
 */
export function learnInWasm(words: CountedWords, options: LearnOptions): [number, number][] | null {
  if (options.order || options.maxTokenLength < Infinity || words.end > MAX_CELLS) return null;
  if (options.isFull()) return [];
  const merges: [number, number][] = [];
  /** What `join` gave for each pair so far. */
  const given: number[] = [];
  let failure: { error: unknown } | undefined;
  const join = (left: number, right: number) => {
    try {
      const joined = options.join(left, right);
      given.push(joined);
      if (joined >= 0) merges.push([left, right]);
      return options.isFull() ? ENOUGH : joined;
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  try {
    const exports = instantiate<Exports>(mergesWasm, { join });
    if (options.texts) setTexts(exports, options.texts);
    const begin = exports.room(words.end * 4);
    new Int32Array(exports.memory.buffer, begin, words.end).set(words.cells.subarray(0, words.end));
    exports.learn(begin, begin + words.end * 4, options.minFrequency);
    return merges;
  } catch {
    if (failure) throw failure.error;
    // Memory did not suffice. The twin comes to the same pairs again, for which it is given the same answers.
    let at = 0;
    return new MergeLearner(words, {
      ...options,
      join: (left, right) => (at < given.length ? given[at++]! : options.join(left, right)),
      isFull: () => at === given.length && options.isFull(),
    }).learn();
  }
}

function setTexts(exports: Exports, texts: readonly string[]): void {
  const encoded = texts.map((text) => new TextEncoder().encode(text));
  const size = encoded.reduce((sum, { length }) => sum + length, 0);
  const lengths = exports.room(encoded.length * 4 + size);
  const { buffer } = exports.memory;
  new Uint32Array(buffer, lengths, encoded.length).set(encoded.map(({ length }) => length));
  let at = lengths + encoded.length * 4;
  for (const bytes of encoded) {
    new Uint8Array(buffer, at, bytes.length).set(bytes);
    at += bytes.length;
  }
  exports.setTexts(lengths + encoded.length * 4, lengths, encoded.length);
}
