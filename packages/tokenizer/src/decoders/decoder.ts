import { CHAR_TO_BYTE } from '../text/byte-alphabet.ts';
import type { ComponentJson } from '../tokenizer-json.ts';

/** Turns tokens into the pieces of a text; the text is the pieces joined. */
export type Decoder = (tokens: string[]) => string[];

const utf8 = new TextEncoder();

const FACTORIES: Record<string, (json: ComponentJson) => Decoder> = {
  ByteLevel: () => (tokens) => [decodeUtf8(tokens.map(byteLevelBytes))],
  Sequence: (json) => {
    const steps = (json.decoders as ComponentJson[]).map(createDecoder);
    return (tokens) => steps.reduce((current, step) => step(current), tokens);
  },
};

/**
 * Builds the decoder that a `tokenizer.json` describes.
 * @throws where the type is unknown
 */
export function createDecoder(json: ComponentJson): Decoder {
  const factory = Object.hasOwn(FACTORIES, json.type) ? FACTORIES[json.type] : undefined;
  if (!factory) {
    throw new Error(
      `tokenizer.json: decoder.type must be one of ${Object.keys(FACTORIES).join(', ')}, found ${JSON.stringify(json.type)}`,
    );
  }
  return factory(json);
}

/** The bytes of a byte-level token; a token that is not of the byte alphabet stands for its own UTF-8. */
export function byteLevelBytes(token: string): Uint8Array {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = CHAR_TO_BYTE[token.charCodeAt(i)] ?? -1;
    if (byte < 0) return utf8.encode(token);
    bytes[i] = byte;
  }
  return bytes;
}

/** Decodes UTF-8; malformed parts become U+FFFD. */
export function decodeUtf8(parts: Uint8Array[]): string {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
