import { PieceType } from '../sentencepiece/model-file.ts';
import { SentencePiece } from '../sentencepiece/sentencepiece.ts';
import { learnMerges } from './bpe-merges.ts';
import {
  byFrequency,
  checkSize,
  emptyModel,
  pieceFilter,
  RARE_SYMBOL,
  requiredCharacters,
  type TrainSentencePieceOptions,
} from './sentencepiece-parts.ts';
import { counterOf, sentencePieceWords } from './sentencepiece-words.ts';
import { spellWords } from './spelled-words.ts';
import { type Training, train } from './training.ts';

/**
 * Trains a SentencePiece model of kind BPE, which is written as a `.model`. Texts are read once; distinct words
 * are kept. Source: Kudo & Richardson 2018.
 * @throws where `vocabSize` cannot hold the characters, or the corpus cannot fill it
 */
export function trainSentencePieceBPE(
  texts: Iterable<string>,
  options: TrainSentencePieceOptions = {},
): SentencePiece {
  return train(texts, sentencePieceBpeTraining(options), options);
}

/** The training of `trainSentencePieceBPE`, for `trainAsync` and for counting on several threads. */
export function sentencePieceBpeTraining(options: TrainSentencePieceOptions = {}): Training<SentencePiece> {
  const model = emptyModel('bpe', options);
  const counter = counterOf(model, options);
  return {
    counter,
    learn(counted) {
      const words = sentencePieceWords(counted, model, counter);
      const caller = 'trainSentencePieceBPE';
      const required = requiredCharacters(words, model.pieces.length, options, caller);
      const size = (options.vocabSize ?? 8000) - model.pieces.length - required.size;
      const learned = learnPieces(words, required, size, options);
      const characters = byFrequency([...required]).map(([char]) => char);
      checkSize(model.pieces.length + learned.length + characters.length, options, caller);
      // The score is minus the order of learning; characters follow, the most frequent first.
      const pieces = [...learned, ...characters].map((piece, rank) => ({
        piece,
        score: -rank,
        type: PieceType.normal,
      }));
      return SentencePiece.fromParts({ ...model, pieces: [...model.pieces, ...pieces] });
    },
  };
}

function learnPieces(
  words: Parameters<typeof spellWords>[0],
  required: Map<string, number>,
  size: number,
  options: TrainSentencePieceOptions,
): string[] {
  const texts: string[] = [];
  const ids = new Map<string, number>();
  const add = (text: string) => {
    ids.set(text, texts.length);
    return texts.push(text) - 1;
  };
  const rare = add(RARE_SYMBOL);
  const idOfCode = new Int32Array(0x110000).fill(rare);
  for (const char of required.keys()) idOfCode[char.codePointAt(0)!] = ids.get(char) ?? add(char);
  const spelled = spellWords(words, (word, out) => {
    for (let at = 0; at < word.length; at++) {
      const code = word.codePointAt(at)!;
      if (code > 0xffff) at++;
      out.push(idOfCode[code]!);
    }
  });
  const isPiece = pieceFilter(options);
  const learned: string[] = [];
  learnMerges(spelled, {
    minFrequency: 0,
    maxTokenLength: Infinity,
    isFull: () => learned.length >= size,
    texts,
    join: (left, right) => {
      const text = texts[left]! + texts[right]!;
      if (ids.has(text) || !isPiece(text)) return -1;
      learned.push(text);
      if (learned.length % 256 === 0) options.onProgress?.(learned.length, size);
      return add(text);
    },
  });
  options.onProgress?.(learned.length, size);
  return learned;
}
