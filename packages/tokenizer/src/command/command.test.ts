import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { trainBPE } from '../index.ts';
import {
  compareCommand,
  convertCommand,
  decodeCommand,
  encodeCommand,
  inspectCommand,
  loadTokenizer,
  trainCommand,
} from './index.ts';

const { train: corpus } = readFixture<{ train: string[] }>('unigram-training.json');
const TEXT = 'low lower <b>newest</b> & 日本 👍🏽\n';
let folder: string;
const at = (name: string) => join(folder, name);
const printed = (run: (print: (line: string) => void) => void) => {
  const lines: string[] = [];
  run((line) => lines.push(line));
  return lines.join('\n');
};
const encode = (name: string, text: string, options = {}) =>
  printed((print) => encodeCommand(at(name), text, options, print));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'attune-tokenizer-'));
  writeFileSync(at('corpus.txt'), corpus.join('\n'));
  writeFileSync(at('text.txt'), TEXT);
  mkdirSync(at('empty'));
  const train = (options: Parameters<typeof trainCommand>[1]) =>
    trainCommand([at('corpus.txt')], options, () => {});
  await train({ out: at('bpe.json'), vocabSize: 320, special: ['<eos>'] });
  await train({ out: at('uni.model'), model: 'unigram', vocabSize: 90 });
  await train({ out: at('sp.model'), model: 'sentencepiece-bpe', vocabSize: 400, byteFallback: true });
  await train({ out: at('vocab.txt'), model: 'wordpiece', vocabSize: 150, lowercase: false });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('attune tokenizer', () => {
  it('encodes and decodes with every kind', () => {
    for (const name of ['bpe.json', 'uni.model', 'sp.model', 'vocab.txt']) {
      const ids = encode(name, 'lower newest');
      expect(ids).toMatch(/^\d+( \d+)*$/);
      const text = printed((print) => decodeCommand(at(name), ids.split(' '), { skipSpecial: true }, print));
      expect(text).toBe('lower newest');
    }
    const { ids, tokens, offsets } = JSON.parse(
      encode('bpe.json', 'a<eos>', { json: true, special: 'allow' }),
    );
    expect([ids[1], tokens[1], offsets[1]]).toEqual([0, '<eos>', [1, 6]]);
    expect(() => encode('bpe.json', 'a<eos>', { special: 'refuse' })).toThrow('<eos>');
  });

  it('inspects a vocabulary and its compression of a file', () => {
    const report = printed((print) =>
      inspectCommand(at('bpe.json'), { text: at('text.txt'), html: at('inspect.html') }, print),
    );
    expect(report).toContain('bpe.json: 320 tokens, 1 of them special');
    expect(report).toMatch(/Latin: \d+/);
    expect(report).toMatch(/\d+ bytes, \d+ tokens, \d\.\d+ bytes a token/);
    expect(readFileSync(at('inspect.html'), 'utf8')).toContain('Tokens by script');
  });

  it('compares tokenizers, also as a page of coloured tokens', () => {
    const report = printed((print) =>
      compareCommand(
        [at('bpe.json'), at('uni.model')],
        { text: at('text.txt'), html: at('page.html') },
        print,
      ),
    );
    expect(report).toMatch(/bpe\.json {3}\d+ bytes/);
    const page = readFileSync(at('page.html'), 'utf8');
    const shown = [...page.matchAll(/<pre>(.*?)<\/pre>/gs)].map(([, pre]) =>
      pre!.replace(/<\/?(span|b)[^>]*>/g, ''),
    );
    expect(shown).toHaveLength(2);
    for (const text of shown) expect(text).toBe('low lower &lt;b&gt;newest&lt;/b&gt; &amp; 日本 👍🏽\n');
  });

  it('says what the other format does not hold', () => {
    const said = (from: string, to: string) =>
      printed((print) => convertCommand(at(from), at(to), {}, print))
        .split('\n')
        .slice(1)
        .join('\n');
    const tokenizer = trainBPE(['low lower'], {
      vocabSize: 260,
      pattern: 'cl100k',
      specialTokens: ['<end>'],
    });
    writeFileSync(at('special.json'), JSON.stringify(tokenizer));
    expect(said('special.json', 'special/')).toBe(
      'not in this format: that <end> is special\n' +
        'not in this format: how texts are cut into words; readers of such files cut as GPT-2 does',
    );
    expect(said('special.json', 'special.tiktoken')).toContain('(--pattern)');
    expect(said('special.json', 'again.json')).toBe('');
  });

  it('converts', () => {
    convertCommand(at('bpe.json'), at('bpe.tiktoken'), {}, () => {});
    convertCommand(at('bpe.json'), `${at('gpt2')}/`, {}, () => {});
    convertCommand(at('uni.model'), at('uni.vocab'), {}, () => {});
    const expected = encode('bpe.json', 'lower newest');
    expect(encode('bpe.tiktoken', 'lower newest', { pattern: 'gpt2' })).toBe(expected);
    expect(encode('gpt2', 'lower newest')).toBe(expected);
    expect(loadTokenizer(at('gpt2')).name).toBe('gpt2/vocab.json');
    for (const name of ['uni', 'sp']) {
      convertCommand(at(`${name}.model`), at(`${name}.json`), { eos: name === 'uni' }, () => {});
      const end = name === 'uni' ? ' 2' : '';
      expect(encode(`${name}.json`, TEXT)).toBe(encode(`${name}.model`, TEXT) + end);
    }
    convertCommand(at('sp.json'), at('back.model'), {}, () => {});
    expect(encode('back.model', TEXT)).toBe(encode('sp.model', TEXT));
    expect(() => convertCommand(at('bpe.json'), at('no.model'), {}, () => {})).toThrow(
      /no\.model: .*counterpart/,
    );
    expect(readFileSync(at('uni.vocab'), 'utf8').split('\n')).toHaveLength(91);
  });

  it('says what is wrong, and in which file', async () => {
    writeFileSync(at('broken.json'), '{"model"');
    expect(() => encode('broken.json', 'x')).toThrow(/broken\.json: .*JSON/);
    expect(() => encode('nowhere.json', 'x')).toThrow('nowhere.json: no such file');
    expect(() => encode('corpus.txt', 'x')).toThrow('[UNK] is missing');
    expect(() => encode('empty', 'x')).toThrow('must hold one of tokenizer.json');
    expect(() => encode('page.html', 'x')).toThrow('must end in .json');
    expect(() => encode('bpe.tiktoken', 'x')).toThrow('--pattern');
    expect(() => encode('bpe.tiktoken', 'x', { pattern: 'gtp2' })).toThrow('found gtp2');
    expect(() => encode('uni.model', 'x', { special: 'allow' })).toThrow('--special');
    expect(() => decodeCommand(at('bpe.json'), ['one'], {}, () => {})).toThrow('ids must be integers');
    expect(() => inspectCommand(at('bpe.json'), { html: 'x' }, () => {})).toThrow('--text');
    expect(() => convertCommand(at('uni.model'), at('x.txt'), {}, () => {})).toThrow('x.txt');
    expect(() => convertCommand(at('bpe.json'), at('x.json'), { bos: true }, () => {})).toThrow('--bos');
    const bad = (files: string[], options: object) =>
      expect(trainCommand(files, { out: at('x.json'), ...options }, () => {})).rejects;
    await bad([at('nowhere.txt')], {}).toThrow('nowhere.txt: no such file');
    await bad([at('empty')], {}).toThrow('found a folder');
    await bad([at('corpus.txt')], { vocabSize: 9 }).toThrow('vocabSize must be at least 256');
    await bad([at('corpus.txt')], { pattern: 'x' }).toThrow('pattern must be one of');
  });
});
