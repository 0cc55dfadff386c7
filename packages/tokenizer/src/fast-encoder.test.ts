import { afterEach, expect, it, vi } from 'vitest';
import { readFixture } from './fixtures/read-fixture.ts';
import { SentencePiece, Tokenizer, trainWordPiece } from './index.ts';
import { seededRandom } from './seeded-random.ts';
import type { TokenizerJson } from './tokenizer-json.ts';

const { texts, cases } = readFixture<{
  texts: string[];
  cases: { name: string; tokenizer: TokenizerJson }[];
}>('components.json.gz');
const models = readFixture<{ model: string }[]>('sentencepiece.json.gz');
const random = seededRandom(13);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
const bits = [
  ...texts.join(' ').split(/(?<= )/),
  ...'aAé  \n\t\r\u000b\u0001\u007f▁日ﬁ\u0301👍,.!-#',
  'the ',
  '  ',
  '##a',
  'x'.repeat(101),
];
const randomTexts = Array.from({ length: 150 }, () =>
  Array.from({ length: 1 + Math.floor(random() * 10) }, () => pick(bits)).join(''),
);

afterEach(() => vi.unstubAllGlobals());

/** A Unigram tokenizer.json of the pieces of a SentencePiece model. */
function unigramJson(
  byteFallback: boolean,
  prepend: 'always' | 'never',
  unkId: number | null,
): TokenizerJson {
  const file = new Uint8Array(Buffer.from(models[0]!.model, 'latin1'));
  const { pieces } = SentencePiece.fromModel(file).model;
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  const vocab = [
    ...pieces.map(({ piece, score }) => [piece, score]),
    ...(byteFallback ? bytes.map((byte) => [byte, 0]) : []),
  ];
  return {
    truncation: null,
    padding: null,
    added_tokens: [
      {
        id: 1,
        content: '<s>',
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      },
    ],
    normalizer: {
      type: 'Sequence',
      normalizers: [{ type: 'NFKC' }, { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' }],
    },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: prepend, split: true },
    post_processor: null,
    decoder: null,
    model: { type: 'Unigram', unk_id: unkId, vocab, byte_fallback: byteFallback },
  };
}

const outcome = (encode: () => number[]) => {
  try {
    return encode();
  } catch (error) {
    return (error as Error).message;
  }
};

function agrees(tokenizer: Tokenizer): void {
  for (const text of [...texts, ...randomTexts, 'lone \ud800 surrogate']) {
    for (const specialTokens of ['text', 'allow'] as const) {
      const slow = outcome(() => tokenizer.encode(text, { specialTokens }).ids);
      expect(outcome(() => tokenizer.encodeIds(text, { specialTokens }))).toEqual(slow);
    }
  }
}

it.each(cases.map(({ name, tokenizer }) => [name, tokenizer] as const))(
  'ids alone equal those of encode: %s',
  (_, json) => {
    const tokenizer = Tokenizer.fromJSON(json);
    for (const text of texts)
      expect(outcome(() => tokenizer.encodeIds(text))).toEqual(outcome(() => tokenizer.encode(text).ids));
  },
);

it.each([true, false])('WordPiece, lowercase %s', (lowercase) => {
  const tokenizer = trainWordPiece(texts, { vocabSize: 1500, lowercase });
  agrees(tokenizer);
  tokenizer.addTokens([{ content: 'the', special: true }]);
  agrees(tokenizer);
});

it.each([
  [false, 'always', 0],
  [true, 'always', 0],
  [false, 'never', 0],
  [false, 'always', null],
] as const)('Unigram, byte fallback %s, prepend %s, unknown %s', (byteFallback, prepend, unkId) => {
  agrees(Tokenizer.fromJSON(unigramJson(byteFallback, prepend, unkId)));
  vi.stubGlobal('WebAssembly', undefined);
  agrees(Tokenizer.fromJSON(unigramJson(byteFallback, prepend, unkId)));
});
