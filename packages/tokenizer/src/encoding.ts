/** A range of the original text, `[start, end)`. */
export type Offsets = [start: number, end: number];

/** The unit in which offsets count: JavaScript string indices, Unicode code points, or UTF-8 bytes. */
export type OffsetUnit = 'utf16' | 'codepoint' | 'byte';

/** The columns of an encoding; all have one entry a token. */
export interface EncodingColumns {
  ids: number[];
  tokens: string[];
  /** In UTF-16 code units of the sequence that the token came from; `[0, 0]` for tokens that were added. */
  offsets: Offsets[];
  /** 0 for the first sequence, 1 for the second of a pair. */
  typeIds: number[];
  /** Number of the pre-token within its sequence, or null for tokens that were added. */
  wordIds: (number | null)[];
  /** Which sequence the token came from, or null for tokens that were added. */
  sequenceIds: (number | null)[];
  /** 1 for tokens that the post-processor or padding added. */
  specialTokensMask: number[];
  /** 0 for padding, 1 otherwise. */
  attentionMask: number[];
}

/** What `Tokenizer.encode` returns. */
export class Encoding implements EncodingColumns {
  ids: number[];
  tokens: string[];
  offsets: Offsets[];
  typeIds: number[];
  wordIds: (number | null)[];
  sequenceIds: (number | null)[];
  specialTokensMask: number[];
  attentionMask: number[];
  /** The parts that truncation cut off, each as an encoding of its own (overlapping by the stride). */
  overflowing: Encoding[];

  constructor(columns: EncodingColumns, overflowing: Encoding[] = []) {
    this.ids = columns.ids;
    this.tokens = columns.tokens;
    this.offsets = columns.offsets;
    this.typeIds = columns.typeIds;
    this.wordIds = columns.wordIds;
    this.sequenceIds = columns.sequenceIds;
    this.specialTokensMask = columns.specialTokensMask;
    this.attentionMask = columns.attentionMask;
    this.overflowing = overflowing;
  }

  get length(): number {
    return this.ids.length;
  }

  /** Index of the token that covers the UTF-16 position `index` of the sequence, or null. */
  charToToken(index: number, sequence = 0): number | null {
    const at = this.offsets.findIndex(
      ([start, end], i) => this.sequenceIds[i] === sequence && start <= index && index < end,
    );
    return at < 0 ? null : at;
  }
}

/**
 * Converts offsets between units.
 * @param text the sequence that the offsets (in UTF-16 units) point into
 */
export function convertOffsets(offsets: Offsets[], text: string, unit: OffsetUnit): Offsets[] {
  if (unit === 'utf16') return offsets;
  const positions = new Uint32Array(text.length + 1);
  let position = 0;
  let at = 0;
  for (const char of text) {
    for (let i = 0; i < char.length; i++) positions[at + i] = position;
    at += char.length;
    position += unit === 'codepoint' ? 1 : utf8Length(char.codePointAt(0)!);
  }
  positions[at] = position;
  return offsets.map(([start, end]) => [positions[start]!, positions[end]!]);
}

/** UTF-8 bytes of a code point; a lone surrogate counts as the replacement character. */
export const utf8Length = (codePoint: number) =>
  codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
