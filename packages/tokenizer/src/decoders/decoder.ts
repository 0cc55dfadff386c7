import { createComponent } from '../component-fields.ts';
import { metaspaceOptions } from '../pre-tokenizers/metaspace.ts';
import { CHAR_TO_BYTE } from '../text/byte-alphabet.ts';
import { matchFinder } from '../text/match-finder.ts';
import type { ComponentJson } from '../tokenizer-json.ts';

/** Turns tokens into the pieces of a text; the text is the pieces joined. */
export type Decoder = (tokens: string[]) => string[];

const utf8 = new TextEncoder();

const FACTORIES: Record<string, (json: ComponentJson) => Decoder> = {
  BPEDecoder: (json) => (tokens) =>
    tokens.map((token, i) =>
      token.replaceAll((json.suffix as string) ?? '</w>', i === tokens.length - 1 ? '' : ' '),
    ),
  ByteFallback: () => byteFallback,
  ByteLevel: () => (tokens) => [decodeUtf8(tokens.map(byteLevelBytes))],
  CTC: ctc,
  Fuse: () => (tokens) => [tokens.join('')],
  Metaspace: metaspaceDecoder,
  Replace: replace,
  Strip: strip,
  WordPiece: wordPiece,
  Sequence: (json) => {
    const steps = (json.decoders as ComponentJson[]).map(createDecoder);
    return (tokens) => steps.reduce((current, step) => step(current), tokens);
  },
};

/**
 * Builds the decoder that a `tokenizer.json` describes.
 * @throws where the type is unknown, or a field is missing or of the wrong kind
 */
export function createDecoder(json: ComponentJson): Decoder {
  return createComponent('decoder', FACTORIES, json);
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

/** The byte of a token such as `<0x0A>`, or -1. */
export function fallbackByte(token: string): number {
  return /^<0x[0-9A-Fa-f]{2}>$/.test(token) ? Number.parseInt(token.slice(3, 5), 16) : -1;
}

/** Runs of `<0x..>` become their characters, or one U+FFFD a byte where they are not UTF-8. */
function byteFallback(tokens: string[]): string[] {
  const pieces: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length === 0) return;
    try {
      pieces.push(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes)));
    } catch {
      pieces.push(...bytes.map(() => '\ufffd'));
    }
    bytes = [];
  };
  for (const token of tokens) {
    const byte = fallbackByte(token);
    if (byte >= 0) bytes.push(byte);
    else {
      flush();
      pieces.push(token);
    }
  }
  flush();
  return pieces;
}

const CLEANUPS: [string, string][] = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [' do not', " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

/** Takes out the spaces that tokenization put before punctuation and English contractions. */
const cleanup = (text: string) => CLEANUPS.reduce((clean, [from, to]) => clean.replaceAll(from, to), text);

/** Connectionist temporal classification: repeats collapse, blanks vanish (Graves et al. 2006). */
function ctc(json: ComponentJson): Decoder {
  const { pad_token = '<pad>', word_delimiter_token = '|' } = json as Record<string, string | undefined>;
  return (tokens) =>
    tokens
      .filter((token, i) => token !== tokens[i - 1])
      .map((token) => token.replaceAll(pad_token, ''))
      .map((token) => (json.cleanup ? cleanup(token).replaceAll(word_delimiter_token, ' ') : token))
      .filter((token) => token !== '');
}

function metaspaceDecoder(json: ComponentJson): Decoder {
  const { replacement, prepend } = metaspaceOptions(json);
  return (tokens) =>
    tokens.map((token, i) => token.replaceAll(replacement, i === 0 && prepend !== 'never' ? '' : ' '));
}

function replace(json: ComponentJson): Decoder {
  const find = matchFinder(json.pattern as { String: string } | { Regex: string });
  const content = json.content as string;
  return (tokens) =>
    tokens.map((token) => {
      let replaced = '';
      let copied = 0;
      for (const [start, end] of find(token)) {
        replaced += token.slice(copied, start) + content;
        copied = end;
      }
      return replaced + token.slice(copied);
    });
}

/** `Strip`: up to `start` and `stop` copies of a character off the ends of each token. */
function strip(json: ComponentJson): Decoder {
  const { content, start, stop } = json as unknown as { content: string; start: number; stop: number };
  return (tokens) =>
    tokens.map((token) => {
      const chars = [...token];
      let from = 0;
      while (from < start && from < chars.length && chars[from] === content) from++;
      let to = chars.length;
      while (chars.length - to < stop && to > from && chars[to - 1] === content) to--;
      return chars.slice(from, to).join('');
    });
}

function wordPiece(json: ComponentJson): Decoder {
  const prefix = (json.prefix as string) ?? '##';
  return (tokens) =>
    tokens.map((token, i) => {
      const spaced = i === 0 ? token : token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
      return json.cleanup === false ? spaced : cleanup(spaced);
    });
}
