import { describe, expect, it } from 'vitest';
import { readFixture } from './fixtures/read-fixture.ts';
import { convertOffsets, type EncodeOptions, Tokenizer } from './index.ts';
import type { TokenizerJson } from './tokenizer-json.ts';

type Expected = [ids: number[], tokens: string[], offsets: number[], decoded: string];
const { texts, cases } = readFixture<{
  texts: string[];
  cases: { name: string; tokenizer: TokenizerJson; encodings: Expected[] }[];
}>('components.json.gz');

/**
 * Where the reference's components have Unicode tables of other versions than its regular expressions (8 to
 * 13; ours is 16 throughout): texts that run through whole blocks hold marks and scripts that it does not know.
 */
const OLD_UNICODE = new Set([
  'normalizer StripAccents',
  'normalizer Sequence',
  'normalizer Bert',
  'model WordPiece',
  'pre-tokenizer UnicodeScripts',
]);
const BLOCKS = new Set(texts.filter((text) => text.startsWith('\u0100') || text.startsWith('\ue000')));

describe.each(cases.map((each) => [each.name, each] as const))(
  '%s',
  (name, { tokenizer: json, encodings }) => {
    const tokenizer = Tokenizer.fromJSON(json);

    it('encodes and decodes as the reference', () => {
      expect(BLOCKS.size).toBe(2);
      texts.forEach((text, i) => {
        if (OLD_UNICODE.has(name) && BLOCKS.has(text)) return;
        const [ids, tokens, offsets, decoded] = encodings[i]!;
        const encoding = tokenizer.encode(text, { specialTokens: 'allow' });
        const where = JSON.stringify(text);
        expect(encoding.tokens, where).toEqual(tokens);
        expect(encoding.ids, where).toEqual(ids);
        expect(convertOffsets(encoding.offsets, text, 'codepoint').flat(), where).toEqual(offsets);
        expect(tokenizer.encodeIds(text, { specialTokens: 'allow' }), where).toEqual(ids);
        expect(tokenizer.decode(ids), where).toBe(decoded);
      });
    });

    it('streams the same text', () => {
      for (const [ids, , , decoded] of encodings) {
        const stream = tokenizer.decodeStream();
        expect(ids.map((id) => stream.push(id)).join('') + stream.end()).toBe(decoded);
      }
    });

    it('round-trips', () => {
      expect(JSON.parse(JSON.stringify(tokenizer))).toEqual(json);
    });
  },
);

interface Columns {
  ids: number[];
  tokens: string[];
  offsets: [number, number][];
  types: number[];
  words: (number | null)[];
  special: number[];
  attention: number[];
  overflowing: Columns[];
}
interface PairCase {
  texts: [string] | [string, string];
  truncation: [number, number, string, string] | null;
  padding: [string, number | null, number | null] | null;
  result: Columns | null;
}

const STRATEGIES = {
  longest_first: 'LongestFirst',
  only_first: 'OnlyFirst',
  only_second: 'OnlySecond',
} as const;
const SIDES = { left: 'Left', right: 'Right' } as const;

function optionsOf({ truncation, padding }: PairCase): EncodeOptions {
  return {
    truncation: truncation
      ? {
          maxLength: truncation[0],
          stride: truncation[1],
          strategy: STRATEGIES[truncation[2] as keyof typeof STRATEGIES],
          direction: SIDES[truncation[3] as keyof typeof SIDES],
        }
      : false,
    padding: padding
      ? {
          direction: SIDES[padding[0] as keyof typeof SIDES],
          multipleOf: padding[1] ?? undefined,
          length: padding[2] ?? undefined,
        }
      : false,
  };
}

const columnsOf = (encoding: ReturnType<Tokenizer['encode']>): Columns => ({
  ids: encoding.ids,
  tokens: encoding.tokens,
  offsets: encoding.offsets,
  types: encoding.typeIds,
  words: encoding.wordIds,
  special: encoding.specialTokensMask,
  attention: encoding.attentionMask,
  overflowing: encoding.overflowing.map(columnsOf),
});

/** The reference repeats the overflowing parts inside each other; ours are listed once. */
const flat = (columns: Columns): Columns => ({
  ...columns,
  overflowing: columns.overflowing.map((part) => ({ ...part, overflowing: [] })),
});

describe.each(
  readFixture<{ name: string; tokenizer: TokenizerJson; results: PairCase[] }[]>('pairs.json.gz').map(
    (each) => [each.name, each] as const,
  ),
)('pairs, truncation and padding with post-processor %s', (_, { tokenizer: json, results }) => {
  const tokenizer = Tokenizer.fromJSON(json);

  it('equal the reference', () => {
    for (const each of results) {
      const [text, pair] = each.texts;
      const encode = () => tokenizer.encode(text, { ...optionsOf(each), pair });
      const where = JSON.stringify({ ...each, result: undefined });
      if (each.result === null) expect(encode, where).toThrow('truncation');
      else expect(columnsOf(encode()), where).toEqual(flat(each.result));
    }
  });
});
