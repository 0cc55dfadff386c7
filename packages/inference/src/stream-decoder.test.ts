import { expect, it } from 'vitest';
import { StreamDecoder } from './stream-decoder.ts';

/** One token per byte: the hardest case for multi-byte characters. */
const bytes = { decode: (ids: readonly number[]) => new TextDecoder().decode(Uint8Array.from(ids)) };
/** Drops the space before the first word, as SentencePiece tokenizers do. */
const words = {
  decode: (ids: readonly number[]) =>
    ids
      .map((id) => ` w${id}`)
      .join('')
      .slice(1),
};

function pieces(decoder: { decode(ids: readonly number[]): string }, ids: Iterable<number>): string[] {
  const stream = new StreamDecoder(decoder);
  const out = Array.from(ids, (id) => stream.push(id));
  return [...out, stream.flush()];
}

it('gives out characters only when they are complete', () => {
  expect(pieces(bytes, new TextEncoder().encode('aé😀'))).toEqual(['a', '', 'é', '', '', '', '😀', '']);
});

it('keeps what a token means after another one', () => {
  expect(pieces(words, [1, 2, 3])).toEqual(['w1', ' w2', ' w3', '']);
});

it('joins to the decoding of the whole, invalid bytes included', () => {
  const ids = [0x61, 0xff, 0x62, 0xc3, 0x63, 0xe2, 0x82, 0xac, 0xe2, 0x82];
  expect(pieces(bytes, ids).join('')).toBe(bytes.decode(ids));
});
