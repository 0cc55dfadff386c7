export type { DecodeStream } from './decode-stream.ts';
export type { EncodingColumns, Offsets, OffsetUnit } from './encoding.ts';
export { convertOffsets, Encoding } from './encoding.ts';
export type { AddedTokenOptions, DecodeOptions, EncodeOptions, SpecialTokens } from './tokenizer.ts';
export { Tokenizer } from './tokenizer.ts';
export type * from './tokenizer-json.ts';
export type { TrainBpeOptions } from './train/train-bpe.ts';
export { trainBPE } from './train/train-bpe.ts';
