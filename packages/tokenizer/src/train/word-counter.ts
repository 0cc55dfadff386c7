import { createNormalizer } from '../normalizers/normalizer.ts';
import { createPreTokenizer } from '../pre-tokenizers/pre-tokenizer.ts';
import { scannerFor } from '../pre-tokenizers/scanners.ts';
import { patternFinder } from '../pre-tokenizers/split.ts';
import type { SentencePieceModel } from '../sentencepiece/model-file.ts';
import { AlignedText } from '../text/aligned-text.ts';
import type { ComponentJson } from '../tokenizer-json.ts';
import { sentencePieceCounter } from './sentencepiece-words.ts';
import type { WordCounts } from './word-counts.ts';

/** How texts are cut into words to count: plain data, which threads can send each other. */
export type WordCounterSpec =
  /** The matches of a pattern and what lies between them. */
  | { kind: 'pattern'; pattern: string }
  /** What a normalizer and a pre-tokenizer of `tokenizer.json` make of a text. */
  | { kind: 'components'; normalizer: ComponentJson | null; preTokenizer: ComponentJson | null }
  /** What stands between spaces and line ends. */
  | { kind: 'spaces' }
  /** The lines as SentencePiece normalizes them, cut before each visible space, or each run of them, or not. */
  | { kind: 'sentencepiece'; model: SentencePieceModel; cutBefore: 'space' | 'spaces' | 'nothing' };

/** Counts the words of a range of a well-formed text. */
export type WordCounter = (text: string, start: number, end: number, counts: WordCounts) => void;

/** The counter that a specification describes. */
export function createWordCounter(spec: WordCounterSpec): WordCounter {
  if (spec.kind === 'pattern') return patternCounter(spec.pattern);
  if (spec.kind === 'spaces') return countBetweenSpaces;
  if (spec.kind === 'components') return componentsCounter(spec.normalizer, spec.preTokenizer);
  return sentencePieceCounter(spec);
}

function patternCounter(pattern: string): WordCounter {
  const scan = scannerFor(pattern);
  if (scan) {
    return (text, start, end, counts) => {
      for (let at = start; at < end; ) {
        const stop = scan(text, at, end);
        counts.add(text, at, stop);
        at = stop;
      }
    };
  }
  const find = patternFinder({ Regex: pattern });
  return (text, start, end, counts) => {
    const part = text.slice(start, end);
    for (const span of find(part)) if (span.end > span.start) counts.add(part, span.start, span.end);
  };
}

function componentsCounter(
  normalizer: ComponentJson | null,
  preTokenizer: ComponentJson | null,
): WordCounter {
  const normalize = normalizer && createNormalizer(normalizer);
  const split = preTokenizer && createPreTokenizer(preTokenizer);
  return (text, start, end, counts) => {
    const part = new AlignedText(text.slice(start, end));
    const normal = normalize ? normalize(part) : part;
    for (const { text: word } of split ? split([normal]) : [normal]) {
      if (word !== '') counts.add(word, 0, word.length);
    }
  };
}

const countBetweenSpaces: WordCounter = (text, start, end, counts) => {
  for (let at = start; at < end; ) {
    const unit = text.charCodeAt(at);
    if (unit === 0x20 || unit === 0x0a || unit === 0x0d) {
      // A carriage return within a line belongs to its word.
      if (unit !== 0x0d || isLineEnd(text, at, end)) {
        at++;
        continue;
      }
    }
    let stop = at + 1;
    for (; stop < end; stop++) {
      const next = text.charCodeAt(stop);
      if (next === 0x20 || next === 0x0a || (next === 0x0d && isLineEnd(text, stop, end))) break;
    }
    counts.add(text, at, stop);
    at = stop;
  }
};

/** Whether nothing but carriage returns stands between here and the end of the line. */
function isLineEnd(text: string, start: number, end: number): boolean {
  let at = start;
  while (at < end && text.charCodeAt(at) === 0x0d) at++;
  return at >= end || text.charCodeAt(at) === 0x0a;
}
