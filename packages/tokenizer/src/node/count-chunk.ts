import { wellFormed } from '../text/well-formed.ts';
import { createWordCounter, type WordCounterSpec } from '../train/word-counter.ts';
import { type PackedWords, WordCounts } from '../train/word-counts.ts';

/** A part of a corpus: UTF-8 whose lines are texts, or texts. */
export type Chunk = Uint8Array | string[];

/** Counts the words of one chunk by itself. */
export function chunkCounter(spec: WordCounterSpec): (chunk: Chunk) => PackedWords {
  const count = createWordCounter(spec);
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  return (chunk) => {
    const words = new WordCounts();
    if (chunk instanceof Uint8Array) {
      const text = utf8.decode(chunk);
      for (let start = 0; start < text.length; ) {
        const newline = text.indexOf('\n', start);
        const end = newline < 0 ? text.length : newline + 1;
        count(text, start, end, words);
        start = end;
      }
    } else {
      for (const raw of chunk) {
        const text = wellFormed(raw);
        count(text, 0, text.length, words);
      }
    }
    return words.pack();
  };
}
