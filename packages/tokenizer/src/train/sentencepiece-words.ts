import { PieceType, type SentencePieceModel } from '../sentencepiece/model-file.ts';
import { SentencePieceNormalizer, SPACE_SYMBOL } from '../sentencepiece/normalizer.ts';
import { anyOf } from '../text/any-of.ts';
import type { TrainSentencePieceOptions } from './sentencepiece-parts.ts';
import type { WordCounter, WordCounterSpec } from './word-counter.ts';
import { WordCounts } from './word-counts.ts';

type SentencePieceSpec = Extract<WordCounterSpec, { kind: 'sentencepiece' }>;
const WORDS = { space: /▁[^▁]*|[^▁]+/g, spaces: /▁+[^▁]*|[^▁]+/g, nothing: /.+/gs };

/**
 * How to count the words of a corpus for a model. Where spaces part all that the model sees, what stands between
 * them is counted as it is, and only distinct words are normalized, when all are counted.
 */
export function counterOf(model: SentencePieceModel, options: TrainSentencePieceOptions): WordCounterSpec {
  const { splitByWhitespace = true, allowWhitespaceOnlyPieces = false } = options;
  const { addDummyPrefix, removeExtraWhitespaces, precompiledCharsmap } = model.normalizer;
  const isParted = splitByWhitespace && addDummyPrefix && removeExtraWhitespaces;
  const hasSpaces = model.pieces.some(({ piece }) => /[ \r\n▁]/.test(piece));
  if (isParted && precompiledCharsmap.length === 0 && !hasSpaces) return { kind: 'spaces' };
  const cutBefore = splitByWhitespace ? (allowWhitespaceOnlyPieces ? 'spaces' : 'space') : 'nothing';
  return { kind: 'sentencepiece', model, cutBefore };
}

/** Counts the words of lines. */
export function sentencePieceCounter({ model, cutBefore }: SentencePieceSpec): WordCounter {
  const count = lineCounter(model, WORDS[cutBefore]);
  return (text, start, end, counts) => {
    const part = text.slice(start, end);
    for (const line of part.replace(/[\r\n]+$/, '').split(/\r*\n/)) count(line, 1, counts);
  };
}

/** The words as the model sees them, from those that were counted. */
export function sentencePieceWords(
  counted: WordCounts,
  model: SentencePieceModel,
  counter: WordCounterSpec,
): WordCounts {
  if (counter.kind !== 'spaces') return counted;
  const count = lineCounter(model, WORDS.space);
  const words = new WordCounts();
  const special = new RegExp(anyOf([SPACE_SYMBOL, ...model.pieces.map(({ piece }) => piece)]), 'u');
  for (let i = 0; i < counted.size; i++) {
    const word = counted.word(i);
    if (special.test(word)) count(word, counted.count(i), words);
    else {
      // Without rewriting rules, all that becomes of a word is the space before it.
      const spaced = SPACE_SYMBOL + word;
      words.add(spaced, 0, spaced.length, counted.count(i));
    }
  }
  counted.clear();
  return words;
}

/** Special pieces written out in a line become line feeds, which no piece may hold. */
function lineCounter(
  model: SentencePieceModel,
  words: RegExp,
): (line: string, times: number, counts: WordCounts) => void {
  const userDefined = model.pieces.filter(({ type }) => type === PieceType.userDefined);
  const normalizer = new SentencePieceNormalizer(
    model,
    userDefined.map(({ piece }) => piece),
  );
  const special = new RegExp(anyOf(model.pieces.map(({ piece }) => piece)), 'gu');
  return (line, times, counts) => {
    const normalized = normalizer.normalizeText(line).replace(special, '\n');
    for (const match of normalized.matchAll(words)) {
      counts.add(normalized, match.index, match.index + match[0].length, times);
    }
  };
}
