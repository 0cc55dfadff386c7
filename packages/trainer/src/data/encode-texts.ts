import type { Example, ExampleEncoder, TokenSequence } from '@attune/data';

/**
 * The two texts of a pair as sequences of which every token is read and counts: they have no target, so the mask is 1 one
 * place after each token, where its label would stand, and a last token of padding takes the place of the last label.
 * @param maxLength longer texts lose their end
 */
export function encodeTexts(
  encoder: ExampleEncoder,
  example: Example,
  { maxLength, padId }: { maxLength: number; padId: number },
): { sequences: [TokenSequence, TokenSequence]; cut: boolean } {
  const { query, positive } = encoder.texts(example);
  const read = (text: Int32Array): TokenSequence => {
    const ids = Int32Array.from([...text.subarray(0, maxLength), padId]);
    return { ids, mask: new Uint8Array(ids.length).fill(1, 1) };
  };
  const cut = Math.max(query.length, positive.length) > maxLength;
  return { sequences: [read(query), read(positive)], cut };
}

/** The tokens of a text that `encodeTexts` made. */
export function tokensOf({ ids }: TokenSequence): Int32Array {
  return ids.subarray(0, -1);
}
