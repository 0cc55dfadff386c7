export type { DecodeStream } from './decode-stream.ts';
export type { EncodeOptions, Padding, Sampling, SpecialTokens, Truncation } from './encode-options.ts';
export type { EncodeStream } from './encode-stream.ts';
export type { EncodingColumns, Offsets, OffsetUnit } from './encoding.ts';
export { convertOffsets, Encoding } from './encoding.ts';
export type { BertOptions } from './formats/bert.ts';
export { fromBertVocab, toBertVocab } from './formats/bert.ts';
export { fromGpt2Files, toGpt2Files } from './formats/gpt2.ts';
export { learnSubwordCodes, SubwordCodes } from './formats/subword-nmt.ts';
export type { TiktokenOptions } from './formats/tiktoken.ts';
export { fromTiktoken, toTiktoken } from './formats/tiktoken.ts';
export type { TiktokenEncoder } from './formats/tiktoken-package.ts';
export { fromTiktokenPackage } from './formats/tiktoken-package.ts';
export type { TokenRole } from './formats/tokenizer-config.ts';
export { TokenizerConfig } from './formats/tokenizer-config.ts';
export type { Model } from './models/model.ts';
export type { Segmentation } from './models/segmentation.ts';
export { PATTERNS } from './pre-tokenizers/scanners.ts';
export { PRESETS } from './presets.ts';
export type { Piece, SentencePieceModel } from './sentencepiece/model-file.ts';
export { PieceType } from './sentencepiece/model-file.ts';
export type { Normalization, NormalizationRules } from './sentencepiece/normalization-rules.ts';
export {
  NORMALIZATIONS,
  normalizationRules,
  readNormalizationRules,
} from './sentencepiece/normalization-rules.ts';
export type { SentencePieceEncodeOptions } from './sentencepiece/sentencepiece.ts';
export { SentencePiece } from './sentencepiece/sentencepiece.ts';
export type { ToTokenizerJsonOptions } from './sentencepiece/to-tokenizer-json.ts';
export { toTokenizerJson } from './sentencepiece/to-tokenizer-json.ts';
export type { CharacterTokenizerOptions, SimpleTokenizerOptions } from './simple-tokenizers.ts';
export { byteTokenizer, characterTokenizer } from './simple-tokenizers.ts';
export { compileCharsMap } from './text/chars-map-writer.ts';
export type { AddedTokenOptions, DecodeOptions } from './tokenizer.ts';
export { Tokenizer } from './tokenizer.ts';
export type * from './tokenizer-json.ts';
export type { TrainSentencePieceOptions } from './train/sentencepiece-parts.ts';
export type { CharacterBpeOptions, TrainBpeOptions } from './train/train-bpe.ts';
export { bpeTraining, trainBPE } from './train/train-bpe.ts';
export { sentencePieceBpeTraining, trainSentencePieceBPE } from './train/train-sentencepiece-bpe.ts';
export type { TrainUnigramOptions } from './train/train-unigram.ts';
export { trainUnigram, unigramTraining } from './train/train-unigram.ts';
export type { TrainWordPieceOptions } from './train/train-word-piece.ts';
export { trainWordPiece, wordPieceTraining } from './train/train-word-piece.ts';
export type { Training, TrainOptions } from './train/training.ts';
export { trainAsync } from './train/training.ts';
export type { WordCounterSpec } from './train/word-counter.ts';
export type { WordCounts } from './train/word-counts.ts';
