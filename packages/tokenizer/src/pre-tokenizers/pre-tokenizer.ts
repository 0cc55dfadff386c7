import { createComponent } from '../component-fields.ts';
import type { AlignedText } from '../text/aligned-text.ts';
import { classOf, isSpace, NUMBER, PUNCTUATION } from '../text/char-class.ts';
import type { ComponentJson } from '../tokenizer-json.ts';
import { byteLevel } from './byte-level.ts';
import { metaspace } from './metaspace.ts';
import { patternFinder, type Span, type SplitBehavior, splitAt, splitPreTokenizer } from './split.ts';
import { unicodeScripts } from './unicode-scripts.ts';

/** Cuts pieces of text into smaller pieces (pre-tokens); may change their text too. */
export type PreTokenizer = (pieces: AlignedText[]) => AlignedText[];

const isPunctuation = (char: string) => (classOf(char) & PUNCTUATION) !== 0;
const isNumber = (char: string) => (classOf(char) & NUMBER) !== 0;

const FACTORIES: Record<string, (json: ComponentJson) => PreTokenizer> = {
  BertPreTokenizer: () => (pieces) =>
    splitEach(splitEach(pieces, charSpans(isSpace), 'Removed'), charSpans(isPunctuation), 'Isolated'),
  ByteLevel: byteLevel,
  CharDelimiterSplit: (json) => (pieces) =>
    splitEach(
      pieces,
      charSpans((char) => char === json.delimiter),
      'Removed',
    ),
  Digits: (json) => (pieces) =>
    splitEach(pieces, charSpans(isNumber), json.individual_digits ? 'Isolated' : 'Contiguous'),
  FixedLength: (json) => (pieces) => splitEach(pieces, chunkSpans((json.length as number) ?? 5), 'Isolated'),
  Metaspace: metaspace,
  Punctuation: (json) => (pieces) =>
    splitEach(pieces, charSpans(isPunctuation), (json.behavior as SplitBehavior) ?? 'Isolated'),
  Split: splitPreTokenizer,
  UnicodeScripts: () => unicodeScripts,
  Whitespace: () => (pieces) => splitEach(pieces, wordSpans, 'Removed'),
  WhitespaceSplit: () => (pieces) => splitEach(pieces, charSpans(isSpace), 'Removed'),
  Sequence: (json) => {
    const steps = (json.pretokenizers as ComponentJson[]).map(createPreTokenizer);
    return (pieces) => steps.reduce((current, step) => step(current), pieces);
  },
};

/**
 * Builds the pre-tokenizer that a `tokenizer.json` describes.
 * @throws where the type is unknown, or a field is missing or of the wrong kind
 */
export function createPreTokenizer(json: ComponentJson): PreTokenizer {
  return createComponent('pre_tokenizer', FACTORIES, json);
}

const splitEach = (pieces: AlignedText[], find: (text: string) => Span[], behavior: SplitBehavior) =>
  pieces.flatMap((piece) => splitAt(piece, find(piece.text), behavior));

/** Every character a span of its own where `isDelimiter` says so; what lies between is joined. */
const charSpans =
  (isDelimiter: (char: string) => boolean) =>
  (text: string): Span[] => {
    const spans: Span[] = [];
    let start = 0;
    for (const char of text) {
      const end = start + char.length;
      const isMatch = isDelimiter(char);
      const last = spans.at(-1);
      if (!isMatch && last && !last.isMatch) last.end = end;
      else spans.push({ start, end, isMatch });
      start = end;
    }
    return spans;
  };

const chunkSpans =
  (length: number) =>
  (text: string): Span[] => {
    const spans: Span[] = [];
    let start = 0;
    let count = 0;
    let end = 0;
    for (const char of text) {
      end += char.length;
      if (++count < length) continue;
      spans.push({ start, end, isMatch: true });
      start = end;
      count = 0;
    }
    if (end > start) spans.push({ start, end, isMatch: true });
    return spans;
  };

// `\w` as Rust's regex crate has it: alphabetic characters count, letters or not.
let findWords: ((text: string) => Span[]) | undefined;

/** `\w+|[^\w\s]+`; what lies between is the delimiter. */
function wordSpans(text: string): Span[] {
  const word = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{200c}\\x{200d}';
  findWords ??= patternFinder({ Regex: `[${word}]+|[^${word}\\s]+` });
  return findWords(text).map((span) => ({ ...span, isMatch: !span.isMatch }));
}
