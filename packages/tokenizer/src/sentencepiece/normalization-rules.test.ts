import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { type TrainSentencePieceOptions, trainSentencePieceBPE, trainUnigram } from '../index.ts';
import { CharsMap } from '../text/chars-map.ts';
import { compileCharsMap } from '../text/chars-map-writer.ts';
import { type Normalization, normalizationRules, readNormalizationRules } from './normalization-rules.ts';
import { SentencePieceNormalizer } from './normalizer.ts';
import { SentencePiece } from './sentencepiece.ts';

interface Trained {
  name: string;
  training: 'trainUnigram' | 'trainSentencePieceBPE';
  options: TrainSentencePieceOptions & { normalizationTsv?: string; denormalizationTsv?: string };
  texts: string[];
  ids: number[][];
  decoded: string[];
  pieces: [string, number][];
}
const fixture = readFixture<{
  texts: string[];
  block: number;
  rules: { name: Normalization; digests: string[]; texts: string[] }[];
  tsv: { tsv: string; texts: string[] };
  train: string[];
  referencePieces: string[];
  trained: Trained[];
}>('normalization.json.gz');

/** The normalizer alone: nothing about spaces. */
function normalizerOf(precompiledCharsmap: Uint8Array): SentencePieceNormalizer {
  const { model } = SentencePiece.fromVocab('<unk>\t0\n', 'unigram');
  const normalizer = {
    name: '',
    precompiledCharsmap,
    addDummyPrefix: false,
    removeExtraWhitespaces: false,
    escapeWhitespaces: false,
  };
  return new SentencePieceNormalizer({ ...model, normalizer }, []);
}

/** Of what becomes of the characters of a block, U+0000 and surrogates left out. */
function digestOf(block: number, normalize: (char: string) => string): string {
  const normalized: string[] = [];
  for (let code = block * fixture.block; code < (block + 1) * fixture.block; code++) {
    if (code > 0 && (code & ~0x7ff) !== 0xd800) normalized.push(normalize(String.fromCodePoint(code)));
  }
  return createHash('sha256').update(normalized.join('\n')).digest('hex').slice(0, 16);
}

const digestsUnchanged = new Map<number, string>();
function unchanged(block: number): string {
  const digest = digestsUnchanged.get(block) ?? digestOf(block, (char) => char);
  digestsUnchanged.set(block, digest);
  return digest;
}

describe.each(fixture.rules.map((each) => [each.name, each] as const))('%s', (name, { digests, texts }) => {
  const rules = normalizationRules(name);
  const blob = compileCharsMap(rules);
  const normalizer = normalizerOf(blob);

  it('makes of every code point and of hard strings what the original makes', () => {
    const ruled = new Set(
      Array.from(rules.keys(), (source) => Math.floor(source.codePointAt(0)! / fixture.block)),
    );
    digests.forEach((digest, block) => {
      // Where no rule begins, nothing changes: seeing that once is enough.
      const ours = ruled.has(block)
        ? digestOf(block, (char) => normalizer.normalizeText(char))
        : unchanged(block);
      expect(ours, `code points from ${(block * fixture.block).toString(16)}`).toBe(digest);
    });
    fixture.texts.forEach((text, i) => {
      expect(normalizer.normalizeText(text), text).toBe(texts[i]);
    });
  });

  it('is compiled without loss', () => {
    const map = new CharsMap(blob);
    const utf8 = new TextEncoder();
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    let wrong = 0;
    for (const [source, target] of rules) {
      const bytes = utf8.encode(source);
      const found = map.longest(bytes, 0);
      if (found?.length !== bytes.length || decoder.decode(found.replacement) !== target) wrong++;
    }
    expect(wrong).toBe(0);
    // SentencePiece refuses tries that are not whole blocks.
    expect(new DataView(blob.buffer).getUint32(0, true) % 1024).toBe(0);
  });
});

describe('rules of a file', () => {
  it('rewrite as in the original', () => {
    const normalizer = normalizerOf(compileCharsMap(readNormalizationRules(fixture.tsv.tsv)));
    fixture.texts.forEach((text, i) => {
      expect(normalizer.normalizeText(text), text).toBe(fixture.tsv.texts[i]);
    });
  });

  it('name a bad line, and rules that cannot be compiled', () => {
    for (const bad of ['', '\t41', 'xyz\t41', '110000', 'D800\t41', '41\t0', '41,42']) {
      expect(() => readNormalizationRules(`41\t42\n${bad}\n43\t44\n`), bad).toThrow('line 2');
    }
    expect([...readNormalizationRules('0x41 42\t43\t# remark\r\n44\r\n')]).toEqual([
      ['AB', 'C'],
      ['D', ''],
    ]);
    expect(() => compileCharsMap(new Map([['', 'a']]))).toThrow('1 to 32 characters');
    expect(() => compileCharsMap(new Map([['a'.repeat(33), 'a']]))).toThrow('found 33');
    expect(() => compileCharsMap(new Map([['a', '\0']]))).toThrow('U+0000');
    expect(() => normalizationRules('nfc' as Normalization)).toThrow('found nfc');
    expect(compileCharsMap(normalizationRules('identity'))).toHaveLength(0);
  });

  it('are one of three ways', () => {
    expect(() =>
      trainUnigram(['a'], { normalization: 'nfkc', precompiledCharsmap: new Uint8Array(0) }),
    ).toThrow('found several');
  });
});

describe.each(fixture.trained.map((each) => [each.name, each] as const))('training %s', (_, each) => {
  const { normalizationTsv: tsv, denormalizationTsv: back, ...options } = each.options;
  const train = { trainUnigram, trainSentencePieceBPE }[each.training];
  const trained = train(fixture.train, {
    ...options,
    ...(tsv && { normalizationRules: readNormalizationRules(tsv) }),
    ...(back && { denormalizationRules: readNormalizationRules(back) }),
  });

  it('gives a model that the original loads and encodes with as this does', () => {
    const known = trained.model.pieces.map(({ piece }) => piece);
    expect(known).toEqual(each.pieces.map(([piece]) => piece));
    const again = SentencePiece.fromModel(trained.toModel());
    each.texts.forEach((text, i) => {
      for (const tokenizer of [trained, again]) {
        expect(tokenizer.encodeIds(text), text).toEqual(each.ids[i]);
        expect(tokenizer.encode(text).ids, text).toEqual(each.ids[i]);
        expect(tokenizer.decode(each.ids[i]!)).toBe(each.decoded[i]);
        const stream = tokenizer.decodeStream();
        const streamed = each.ids[i]!.map((id) => stream.push(id)).join('') + stream.end();
        expect(streamed).toBe(each.decoded[i]);
      }
    });
  });
});

it('learns the pieces that the original learns behind the same rules', () => {
  const { pieces } = fixture.trained.find(({ name }) => name === 'bpe nmt_nfkc')!;
  expect(pieces.map(([piece]) => piece)).toEqual(fixture.referencePieces);
});
