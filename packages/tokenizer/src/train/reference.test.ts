import { describe, expect, it } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import type { TokenizerJson } from '../tokenizer-json.ts';
import type { TrainSentencePieceOptions } from './sentencepiece-parts.ts';
import { type TrainBpeOptions, trainBPE } from './train-bpe.ts';
import { trainSentencePieceBPE } from './train-sentencepiece-bpe.ts';

const { texts, huggingFace, sentencePiece } = readFixture<{
  texts: string[];
  huggingFace: { name: string; options: Record<string, never>; tokenizer: TokenizerJson }[];
  sentencePiece: { name: string; options: Record<string, never>; pieces: [string, number][] }[];
}>('training.json.gz');

describe.each(huggingFace.map((each) => [each.name, each] as const))('BPE over %s', (name, each) => {
  const { options, tokenizer } = each;
  const isByteLevel = name.startsWith('bytes');
  const ours: TrainBpeOptions = {
    vocabSize: options.vocab_size,
    minFrequency: options.min_frequency,
    specialTokens: options.special_tokens,
    pattern: 'cl100k',
    characters: isByteLevel
      ? undefined
      : {
          normalizer: tokenizer.normalizer,
          preTokenizer: tokenizer.pre_tokenizer,
          unknownToken: '<unk>',
          limitAlphabet: options.limit_alphabet,
          initialAlphabet: options.initial_alphabet,
        },
  };

  it('learns the vocabulary and merges of the reference', () => {
    const trained = trainBPE(texts, ours).toJSON();
    expect(trained.model).toEqual(tokenizer.model);
    expect(trained.pre_tokenizer).toEqual(tokenizer.pre_tokenizer);
    expect(trained.added_tokens).toEqual(tokenizer.added_tokens);
  });
});

describe.each(sentencePiece.map((each) => [each.name, each] as const))('SentencePiece %s', (_, each) => {
  const { options, pieces } = each;
  const ours: TrainSentencePieceOptions = {
    vocabSize: options.vocab_size,
    characterCoverage: options.character_coverage,
    byteFallback: options.byte_fallback,
    splitDigits: options.split_digits,
    splitByWhitespace: options.split_by_whitespace,
    splitByNumber: options.split_by_number,
    splitByUnicodeScript: options.split_by_unicode_script,
    maxPieceLength: options.max_sentencepiece_length,
    allowWhitespaceOnlyPieces: options.allow_whitespace_only_pieces,
    removeExtraWhitespaces: options.remove_extra_whitespaces,
    userDefinedSymbols: options.user_defined_symbols,
    controlSymbols: options.control_symbols,
  };

  it('learns the pieces of the reference', () => {
    const trained = trainSentencePieceBPE(texts, ours);
    expect(trained.model.pieces.map(({ piece, score }) => [piece, score])).toEqual(pieces);
  });
});

describe('BPE with marks of where a word begins and ends', () => {
  const words = [
    'low low low low low lower lower newest newest newest newest newest newest widest widest widest',
  ];

  it('learns the published example', () => {
    const tokenizer = trainBPE(words, {
      vocabSize: 30,
      characters: { endOfWordSuffix: '</w>', unknownToken: '<unk>' },
    });
    const { merges } = tokenizer.toJSON().model as { merges: [string, string][] };
    // The suffix belongs to the last character here, so `es t</w>` is one merge where the paper has two.
    expect(merges.slice(0, 4)).toEqual([
      ['e', 's'],
      ['es', 't</w>'],
      ['l', 'o'],
      ['e', 'w'],
    ]);
    expect(tokenizer.decode(tokenizer.encodeIds('lower newest'))).toBe('lower newest');
  });

  it('marks what continues a word', () => {
    const tokenizer = trainBPE(words, { vocabSize: 40, characters: { continuingSubwordPrefix: '##' } });
    expect(tokenizer.encode('lowest').tokens.join('')).toBe('low##est');
  });
});
