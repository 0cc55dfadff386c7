import { createComponent } from '../component-fields.ts';
import type { AlignedText } from '../text/aligned-text.ts';
import { textToByteChars } from '../text/byte-alphabet.ts';
import { isSpace } from '../text/char-class.ts';
import { matchFinder } from '../text/match-finder.ts';
import { categoryRanges } from '../text/unicode-categories.ts';
import type { ComponentJson } from '../tokenizer-json.ts';
import { bertNormalizer } from './bert.ts';
import { precompiled } from './precompiled.ts';
import { unicodeForm } from './unicode-form.ts';

/** Changes a text before it is split, keeping track of where each character came from. */
export type Normalizer = (text: AlignedText) => AlignedText;

const FACTORIES: Record<string, (json: ComponentJson) => Normalizer> = {
  BertNormalizer: bertNormalizer,
  ByteLevel: () => (text) => text.mapChars(textToByteChars),
  Lowercase: () => (text) => text.mapChars(lowercase),
  NFC: () => unicodeForm('NFC'),
  NFD: () => unicodeForm('NFD'),
  NFKC: () => unicodeForm('NFKC'),
  NFKD: () => unicodeForm('NFKD'),
  Nmt: () => nmt,
  Precompiled: precompiled,
  Prepend: (json) => (text) => text.prepend(json.prepend as string),
  Replace: replace,
  Strip: strip,
  StripAccents: () => stripAccents,
  Sequence: (json) => {
    const steps = (json.normalizers as ComponentJson[]).map(createNormalizer);
    return (text) => steps.reduce((current, step) => step(current), text);
  },
};

/**
 * Builds the normalizer that a `tokenizer.json` describes.
 * @throws where the type is unknown, or a field is missing or of the wrong kind
 */
export function createNormalizer(json: ComponentJson): Normalizer {
  return createComponent('normalizer', FACTORIES, json);
}

/** Character by character, as the references do: a final sigma is not told from others. */
export const lowercase = (char: string): string => char.toLowerCase();

function strip(json: ComponentJson): Normalizer {
  return (text) => {
    const chars = [...text.text];
    let from = 0;
    let to = chars.length;
    if (json.strip_left) while (from < to && isSpace(chars[from]!)) from++;
    if (json.strip_right) while (to > from && isSpace(chars[to - 1]!)) to--;
    // Whitespace is never a surrogate pair, so characters count like code units here.
    const length = text.length - (chars.length - to);
    return text.slice(from, length);
  };
}

function stripAccents(text: AlignedText): AlignedText {
  MARKS ??= new RegExp(`[${categoryRanges('M')}]`, 'v');
  return text.filter((char) => !MARKS!.test(char));
}

let MARKS: RegExp | undefined;

/** `Replace`: every match of a literal or pattern by a fixed text. */
function replace(json: ComponentJson): Normalizer {
  const content = json.content as string;
  const find = matchFinder(json.pattern as { String: string } | { Regex: string });
  return (text) => text.replaceRanges(find(text.text), content);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
const NMT_REMOVED = /[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]/;
const NMT_SPACES = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/;

/** SentencePiece's `nmt` rules without the Unicode form: control characters out, odd spaces to spaces. */
function nmt(text: AlignedText): AlignedText {
  return text
    .filter((char) => !NMT_REMOVED.test(char))
    .mapChars((char) => (NMT_SPACES.test(char) ? ' ' : char));
}
