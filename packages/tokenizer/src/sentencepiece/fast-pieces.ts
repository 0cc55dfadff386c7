import { ByteUnigram, type ByteUnigramOptions } from '../models/byte-unigram.ts';
import { aloneCharacters, pieceBytes } from '../models/unigram-words.ts';
import { WasmUnigram } from '../models/wasm-unigram.ts';
import { CharsMap } from '../text/chars-map.ts';
import type { IdBuffer } from '../text/id-buffer.ts';
import { asciiKinds, ByteNormalizer } from './byte-normalizer.ts';
import type { SentencePieceModel } from './model-file.ts';

/** Encodes to ids alone. */
export interface FastPieces {
  /** Appends the ids of a text. Returns whether it could: not where memory does not suffice. */
  encode(text: string, out: IdBuffer): boolean;
}

/** The part of `ByteUnigramOptions` that is not the model's. */
export type PieceOptions = Pick<ByteUnigramOptions, 'scores' | 'unknownScore' | 'byteIds'> & {
  /** Pieces that texts may be cut into. */
  pieces: Iterable<[piece: string, id: number]>;
};

/**
 * The fast path of Unigram models in which no piece reaches over the beginning of a word, or null where the
 * normalizer's options rule it out. The slow twin is `WordwiseUnigram`.
 * @param usesWasm whether WebAssembly may be used
 */
export function fastPieces(
  { normalizer, unkId }: SentencePieceModel,
  options: PieceOptions,
  usesWasm = true,
): FastPieces | null {
  if (!normalizer.escapeWhitespaces) return null;
  const pieces = [...options.pieces]
    .filter(([piece]) => piece !== '' && !piece.includes(' '))
    .map(([piece, id]) => [pieceBytes(piece), id] as const);
  const unigram: ByteUnigramOptions = {
    ...options,
    words: { joinsBlanks: true, alone: aloneCharacters(pieces.map(([bytes]) => bytes)) },
    pieces,
    unknownId: unkId,
    overText: true,
  };
  const rules = new CharsMap(normalizer.precompiledCharsmap);
  const wasm = usesWasm && WasmUnigram.create(unigram, { ...normalizer, rules, kinds: asciiKinds(rules) });
  if (wasm) return wasm;
  const byteNormalizer = new ByteNormalizer(normalizer, rules);
  const model = new ByteUnigram(unigram);
  return {
    encode(text, out) {
      byteNormalizer.normalize(text);
      return model.encodeBytes(byteNormalizer.bytes, byteNormalizer.view, byteNormalizer.end, out);
    },
  };
}
