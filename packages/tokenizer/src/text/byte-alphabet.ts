/**
 * GPT-2's printable stand-ins for the 256 bytes: printable Latin-1 bytes stand for themselves, the others
 * are moved to U+0100 and up, so that every byte sequence can be written as a string of visible characters.
 * Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.2.
 */
const isPrintable = (byte: number) =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);

function buildAlphabet(): string[] {
  let moved = 0;
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCharCode(isPrintable(byte) ? byte : 0x100 + moved++),
  );
}

/** The character that stands for each byte, indexed by the byte. */
export const BYTE_TO_CHAR: readonly string[] = buildAlphabet();

/** The byte that a code unit stands for, or -1; indexed by code unit, 0 to 0x143. */
export const CHAR_TO_BYTE: Int16Array = (() => {
  const table = new Int16Array(0x144).fill(-1);
  BYTE_TO_CHAR.forEach((char, byte) => {
    table[char.charCodeAt(0)] = byte;
  });
  return table;
})();

const encoder = new TextEncoder();

/** Writes bytes in the alphabet, one character a byte. */
export function bytesToChars(bytes: Uint8Array): string {
  let chars = '';
  for (const byte of bytes) chars += BYTE_TO_CHAR[byte];
  return chars;
}

/** Writes the UTF-8 bytes of a text in the alphabet: `bytesToChars(utf8('é')) === 'Ã©'`. */
export const textToByteChars = (text: string): string => bytesToChars(encoder.encode(text));

/** The bytes that a string of the alphabet stands for, or null where a character is not of the alphabet. */
export function charsToBytes(chars: string): Uint8Array | null {
  const bytes = new Uint8Array(chars.length);
  for (let i = 0; i < chars.length; i++) {
    const byte = CHAR_TO_BYTE[chars.charCodeAt(i)] ?? -1;
    if (byte < 0) return null;
    bytes[i] = byte;
  }
  return bytes;
}
