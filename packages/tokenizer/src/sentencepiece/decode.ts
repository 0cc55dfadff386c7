import type { DecodeStream } from '../decode-stream.ts';
import { fallbackByte } from '../decoders/decoder.ts';
import { PieceType, type SentencePieceModel } from './model-file.ts';
import { SPACE_SYMBOL } from './normalizer.ts';

/**
 * SentencePiece's decoder as a stream. The dummy space at the beginning goes, byte pieces become characters as
 * soon as they are whole, and bytes that are not UTF-8 become U+FFFD one by one.
 */
export class SentencePieceStream implements DecodeStream {
  readonly #model: SentencePieceModel;
  #bytes: number[] = [];
  #atStart = true;
  #strippedSpace = false;

  constructor(model: SentencePieceModel) {
    this.#model = model;
  }

  /** @throws where an id is not a piece */
  push(ids: number | Iterable<number>): string {
    let text = '';
    for (const id of typeof ids === 'number' ? [ids] : ids) {
      const piece = this.#model.pieces[id];
      if (!piece) throw new Error(`decode: id ${id} is not among the ${this.#model.pieces.length} pieces`);
      const part =
        piece.type === PieceType.byte
          ? this.#byte(fallbackByte(piece.piece))
          : this.#flushBytes() + this.#piece(piece.piece, piece.type);
      text += part;
    }
    return text;
  }

  end(): string {
    const text = this.#flushBytes();
    this.#atStart = true;
    this.#strippedSpace = false;
    return text;
  }

  #piece(piece: string, type: number): string {
    // Asked before this piece: has any text come out, or has the dummy space been taken off already?
    const isFirst = this.#atStart && !this.#strippedSpace;
    this.#strippedSpace = false;
    if (!isFirst) this.#atStart = false;
    if (type === PieceType.control) return '';
    let text = type === PieceType.unknown ? this.#model.unkSurface : piece;
    const { addDummyPrefix, removeExtraWhitespaces } = this.#model.normalizer;
    if (type !== PieceType.unknown) {
      if (isFirst && (addDummyPrefix || removeExtraWhitespaces) && text.startsWith(SPACE_SYMBOL)) {
        text = text.slice(1);
        this.#strippedSpace = !removeExtraWhitespaces;
      }
      text = text.replaceAll(SPACE_SYMBOL, ' ');
    }
    if (text !== '') this.#atStart = false;
    return text;
  }

  #byte(byte: number): string {
    this.#bytes.push(byte);
    let text = '';
    for (;;) {
      const length = utf8Prefix(this.#bytes);
      if (length === null) break;
      text += this.#takeCharacter(length);
    }
    return text;
  }

  #flushBytes(): string {
    let text = '';
    while (this.#bytes.length > 0) text += this.#takeCharacter(utf8Prefix(this.#bytes) ?? 0);
    return text;
  }

  /** Takes a character of `length` bytes off the front, or one byte that belongs to none (0). */
  #takeCharacter(length: number): string {
    this.#atStart = false;
    const taken = this.#bytes.splice(0, length || 1);
    return length ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(taken)) : '\ufffd';
  }
}

/** Length of the character that the bytes begin with, 0 if they begin with none, null if more are needed. */
function utf8Prefix(bytes: number[]): number | null {
  const [first, second = 0x100] = bytes as [number?, number?];
  if (first === undefined) return null;
  if (first < 0x80) return 1;
  const length =
    first >= 0xf0 && first < 0xf5
      ? 4
      : first >= 0xe0 && first < 0xf0
        ? 3
        : first >= 0xc2 && first < 0xe0
          ? 2
          : 0;
  if (length === 0) return 0;
  // Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second !== 0x100 && (second < low || second > high)) return 0;
  for (let i = 2; i < Math.min(length, bytes.length); i++) if ((bytes[i]! & 0xc0) !== 0x80) return 0;
  return bytes.length >= length ? length : null;
}
