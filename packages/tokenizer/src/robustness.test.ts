import { describe, expect, it } from 'vitest';
import { readFixture } from './fixtures/read-fixture.ts';
import {
  compileCharsMap,
  fromBertVocab,
  fromGpt2Files,
  fromTiktoken,
  readNormalizationRules,
  SentencePiece,
  SubwordCodes,
  Tokenizer,
  toSentencePiece,
  toTokenizerJson,
} from './index.ts';
import { seededRandom } from './seeded-random.ts';
import type { TokenizerJson } from './tokenizer-json.ts';

const { cases } = readFixture<{ cases: { name: string; tokenizer: TokenizerJson }[] }>('components.json.gz');
const models = readFixture<{ model: string }[]>('sentencepiece.json.gz');
const formats = readFixture<{
  tiktoken: { ranks: string };
  subword: { codes: string }[];
  bert: { vocab: string }[];
}>('formats.json.gz');

/** A reader must load a damaged file or say what is wrong with it. */
function loadsOrExplains(load: () => { encodeIds(text: string): unknown } | unknown, reason: RegExp): void {
  try {
    const loaded = load() as { encodeIds?: (text: string) => unknown };
    loaded.encodeIds?.('low lower é 日本');
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(reason);
  }
}

const EXPLAINS_JSON =
  /tokenizer\.json|JSON|pattern|WordLevel|WordPiece|Unigram|precompiled_charsmap|base64|not correctly encoded/;

/** Replaces one value somewhere in a JSON tree by something else. */
function damage(value: unknown, random: () => number): unknown {
  const junk = [null, 0, -1, 1e9, 0.5, '', 'x', [], {}, true, ['a', 'b'], [[]]];
  if (random() < 0.15 || typeof value !== 'object' || value === null)
    return junk[Math.floor(random() * junk.length)];
  const keys = Object.keys(value);
  if (keys.length === 0) return junk[Math.floor(random() * junk.length)];
  const key = keys[Math.floor(random() * keys.length)]!;
  const changed = damage((value as Record<string, unknown>)[key], random);
  return Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed };
}

function flipBytes(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = bytes.slice(0, random() < 0.3 ? Math.floor(random() * bytes.length) : bytes.length);
  for (let i = 0; i < 3; i++) copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
  return copy;
}

const flipText = (text: string, random: () => number) =>
  Buffer.from(flipBytes(Buffer.from(text), random)).toString('utf8');

describe('damaged files', () => {
  it('tokenizer.json', () => {
    const random = seededRandom(1);
    for (const { tokenizer } of cases) {
      for (let i = 0; i < 12; i++) {
        const broken = damage(tokenizer, random) as TokenizerJson;
        loadsOrExplains(() => Tokenizer.fromJSON(broken), EXPLAINS_JSON);
      }
    }
  });

  it('tokenizer.json that becomes a SentencePiece model', () => {
    const random = seededRandom(8);
    for (const { model } of models) {
      const original = SentencePiece.fromModel(new Uint8Array(Buffer.from(model, 'latin1')));
      let json: TokenizerJson;
      try {
        json = toTokenizerJson(original);
      } catch {
        continue; // what has no counterpart
      }
      for (let i = 0; i < 25; i++) {
        const broken = damage(json, random) as TokenizerJson;
        loadsOrExplains(
          () => toSentencePiece(Tokenizer.fromJSON(broken)),
          new RegExp(`${EXPLAINS_JSON.source}|SentencePiece|normalization rules`),
        );
      }
    }
  });

  it('SentencePiece models that become tokenizer.json, their rules foremost', () => {
    const random = seededRandom(9);
    const rules = readNormalizationRules('41 302\tC2\nAD\n200B\t20\n66 69\tFB01\n3042 3099\t41\n');
    for (const { model } of models) {
      const original = SentencePiece.fromModel(new Uint8Array(Buffer.from(model, 'latin1'))).model;
      for (let i = 0; i < 40; i++) {
        const precompiledCharsmap = flipBytes(compileCharsMap(rules), random);
        const normalizer = { ...original.normalizer, name: 'user_defined', precompiledCharsmap };
        loadsOrExplains(
          () => Tokenizer.fromJSON(toTokenizerJson(SentencePiece.fromParts({ ...original, normalizer }))),
          /counterpart|precompiled_charsmap|normalization rules/,
        );
      }
    }
  });

  it('normalization rules', () => {
    const random = seededRandom(10);
    for (let i = 0; i < 200; i++) {
      loadsOrExplains(
        () =>
          compileCharsMap(readNormalizationRules(flipText('41 302\tC2\nAD\n66 69\tFB01\t# fi\n', random))),
        /normalization rules/,
      );
    }
  });

  it('tokenizer.json that is not JSON', () => {
    const text = JSON.stringify(cases[0]!.tokenizer);
    const random = seededRandom(2);
    for (let i = 0; i < 50; i++)
      loadsOrExplains(() => Tokenizer.fromJSON(flipText(text, random)), EXPLAINS_JSON);
  });

  it('SentencePiece models', () => {
    const random = seededRandom(3);
    for (const { model } of models.slice(1)) {
      const bytes = new Uint8Array(Buffer.from(model, 'latin1'));
      for (let i = 0; i < 25; i++) {
        loadsOrExplains(
          () => SentencePiece.fromModel(flipBytes(bytes, random)),
          /SentencePiece model|charsmap/,
        );
      }
    }
  });

  it('rank files, vocabularies and codes', () => {
    const random = seededRandom(4);
    const { tiktoken, subword, bert } = formats;
    for (let i = 0; i < 25; i++) {
      loadsOrExplains(
        () => fromTiktoken(flipText(tiktoken.ranks, random), { pattern: 'gpt2' }),
        /tiktoken file|tokenizer\.json/,
      );
      loadsOrExplains(() => SubwordCodes.parse(flipText(subword[0]!.codes, random)), /subword-nmt codes/);
      loadsOrExplains(() => fromBertVocab(flipText(bert[0]!.vocab, random)), /BERT vocab/);
      loadsOrExplains(
        () => fromGpt2Files('{"a":0,"b":1,"ab":2}', flipText('#version: 0.2\na b\n', random)),
        EXPLAINS_JSON,
      );
    }
  });
});

describe('long texts without mercy', () => {
  const SIZE = 2 ** 16;
  const texts = {
    'one letter': 'a'.repeat(SIZE),
    'one word of many letters': 'abcdefghij'.repeat(SIZE / 10),
    spaces: ' '.repeat(SIZE),
    'spaces, then a word': `${' '.repeat(SIZE)}x`,
    'lines of spaces': ' \n'.repeat(SIZE / 2),
    apostrophes: "'".repeat(SIZE),
    digits: '1234567'.repeat(SIZE / 7),
    'capitals and marks': 'A\u0301'.repeat(SIZE / 2),
    emoji: '👍🏽'.repeat(SIZE / 16),
  };

  // Anything worse than O(n log n) runs into the time limit of the test.
  it.each(['gpt2', 'cl100k', 'o200k'] as const)('is encoded with the pattern of %s', (pattern) => {
    const tokenizer = fromTiktoken(formats.tiktoken.ranks, { pattern });
    for (const text of Object.values(texts)) {
      expect(tokenizer.decode(tokenizer.encodeIds(text)) === text).toBe(true);
    }
  });

  it('is encoded where it is one word of a megabyte', () => {
    const tokenizer = fromTiktoken(formats.tiktoken.ranks, { pattern: 'cl100k' });
    const word = 'abcdefghij'.repeat(2 ** 20 / 10);
    expect(tokenizer.decode(tokenizer.encodeIds(word)) === word).toBe(true);
    const slow = Tokenizer.fromJSON({
      ...tokenizer.toJSON(),
      pre_tokenizer: null,
      decoder: { type: 'Fuse' },
    });
    expect(slow.decode(slow.encodeIds(word)) === word).toBe(true);
    const stream = tokenizer.encodeStream();
    let tokens = 0;
    for (let at = 0; at < word.length; at += 2 ** 16)
      tokens += stream.push(word.slice(at, at + 2 ** 16)).length;
    expect(tokens + stream.end().length).toBe(tokenizer.encodeIds(word).length);
  });

  it('is encoded by SentencePiece', () => {
    for (const { model } of [models[0]!, models[6]!]) {
      const tokenizer = SentencePiece.fromModel(new Uint8Array(Buffer.from(model, 'latin1')));
      for (const text of [texts['one letter'], texts.spaces, texts.emoji]) {
        expect(tokenizer.encodeIds(text.slice(0, SIZE)).length).toBeGreaterThanOrEqual(0);
      }
    }
  });
});

describe('properties of byte-level tokenizers', () => {
  const random = seededRandom(5);
  const alphabet = [..."ab cdé日👍🏽\n\t'1A\u0301\u200d\ud800"];
  const tokenizer = fromTiktoken(formats.tiktoken.ranks, { pattern: 'cl100k' });
  const texts = Array.from({ length: 200 }, () =>
    Array.from(
      { length: Math.floor(random() * 30) },
      () => alphabet[Math.floor(random() * alphabet.length)],
    ).join(''),
  );

  it('decoding undoes encoding, batch equals single, offsets tile the text', () => {
    const batch = tokenizer.encodeIdsBatch(texts);
    texts.forEach((text, i) => {
      const { ids, offsets } = tokenizer.encode(text);
      expect(batch[i]).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe((text as string & { toWellFormed(): string }).toWellFormed());
      let covered = 0;
      for (const [start, end] of offsets) {
        // Tokens that share a character share its range; others begin where the last one ended.
        expect(start === covered || (start < covered && end <= covered + 2)).toBe(true);
        covered = Math.max(covered, end);
      }
      expect(covered).toBe(text.length);
    });
  });

  it('streaming equals the whole at every split', () => {
    for (const text of texts.slice(0, 40)) {
      const ids = tokenizer.encodeIds(text);
      const whole = tokenizer.decode(ids);
      for (let split = 0; split <= ids.length; split++) {
        const stream = tokenizer.decodeStream();
        expect(stream.push(ids.slice(0, split)) + stream.push(ids.slice(split)) + stream.end()).toBe(whole);
      }
    }
  });
});
