import { createNormalizer } from '../normalizers/normalizer.ts';
import { createPreTokenizer } from '../pre-tokenizers/pre-tokenizer.ts';
import { scannerFor } from '../pre-tokenizers/scanners.ts';
import { patternFinder } from '../pre-tokenizers/split.ts';
import { PieceType, type SentencePieceModel } from '../sentencepiece/model-file.ts';
import { SentencePieceNormalizer } from '../sentencepiece/normalizer.ts';
import { AlignedText } from '../text/aligned-text.ts';
import type { ComponentJson } from '../tokenizer-json.ts';
import type { WordCounts } from './word-counts.ts';

/** How texts are cut into words to count: plain data, which threads can send each other. */
export type WordCounterSpec =
  /** The matches of a pattern and what lies between them. */
  | { kind: 'pattern'; pattern: string }
  /** What a normalizer and a pre-tokenizer of `tokenizer.json` make of a text. */
  | { kind: 'components'; normalizer: ComponentJson | null; preTokenizer: ComponentJson | null }
  /**
   * The lines as SentencePiece normalizes them, cut before each visible space, or each run of them, or not.
   * Special pieces written out in a line become line feeds, which no piece may hold.
   */
  | { kind: 'sentencepiece'; model: SentencePieceModel; cutBefore: 'space' | 'spaces' | 'nothing' };

/** Counts the words of a range of a well-formed text. */
export type WordCounter = (text: string, start: number, end: number, counts: WordCounts) => void;

/** The counter that a specification describes. */
export function createWordCounter(spec: WordCounterSpec): WordCounter {
  if (spec.kind === 'pattern') return patternCounter(spec.pattern);
  if (spec.kind === 'components') return componentsCounter(spec.normalizer, spec.preTokenizer);
  return sentencePieceCounter(spec.model, WORDS[spec.cutBefore]);
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

const WORDS = { space: /▁[^▁]*|[^▁]+/g, spaces: /▁+[^▁]*|[^▁]+/g, nothing: /.+/gs };

function sentencePieceCounter(model: SentencePieceModel, words: RegExp): WordCounter {
  const userDefined = model.pieces.filter(({ type }) => type === PieceType.userDefined);
  const normalizer = new SentencePieceNormalizer(
    model,
    userDefined.map(({ piece }) => piece),
  );
  const special = anyOf(model.pieces.map(({ piece }) => piece));
  return (text, start, end, counts) => {
    const part = text.slice(start, end);
    for (const line of part.replace(/[\r\n]+$/, '').split(/\r?\n/)) {
      const normalized = normalizer.normalizeText(line).replace(special, '\n');
      for (const match of normalized.matchAll(words)) {
        counts.add(normalized, match.index, match.index + match[0].length);
      }
    }
  };
}

/** Matches any of some literals, the longest first. */
function anyOf(literals: string[]): RegExp {
  const longestFirst = literals.toSorted((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((each) => each.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'), 'gu');
}
