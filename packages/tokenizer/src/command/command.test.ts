import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { tokenizerCommand } from './index.ts';

const { train: corpus } = readFixture<{ train: string[] }>('unigram-training.json');
let folder: string;
const at = (name: string) => join(folder, name);
const run = (...args: string[]) => {
  const lines: string[] = [];
  tokenizerCommand(args, (line) => lines.push(line));
  return lines.join('\n');
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-tokenizer-'));
  writeFileSync(at('corpus.txt'), corpus.join('\n'));
  writeFileSync(at('text.txt'), 'low lower <b>newest</b> & 日本 👍🏽\n');
  run('train', at('corpus.txt'), '--out', at('bpe.json'), '--vocab-size', '320', '--special', '<eos>');
  run('train', at('corpus.txt'), '--out', at('uni.model'), '--model', 'unigram', '--vocab-size', '90');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('attune tokenizer', () => {
  it('encodes and decodes', () => {
    const ids = run('encode', at('bpe.json'), 'lower', 'newest');
    expect(ids).toMatch(/^\d+( \d+)*$/);
    expect(run('decode', at('bpe.json'), ...ids.split(' '))).toBe('lower newest');
  });

  it('inspects a vocabulary and its compression of a file', () => {
    const report = run('inspect', at('bpe.json'), '--text', at('text.txt'));
    expect(report).toContain('bpe.json: 320 tokens, 1 of them special');
    expect(report).toMatch(/Latin: \d+/);
    expect(report).toMatch(/\d+ bytes, \d+ tokens, \d\.\d+ bytes a token/);
  });

  it('compares tokenizers, also as a page of coloured tokens', () => {
    const report = run(
      'compare',
      at('bpe.json'),
      at('uni.model'),
      '--text',
      at('text.txt'),
      '--html',
      at('page.html'),
    );
    expect(report).toMatch(/bpe\.json {3}\d+ bytes/);
    const page = readFileSync(at('page.html'), 'utf8');
    const shown = [...page.matchAll(/<pre>(.*?)<\/pre>/gs)].map(([, pre]) =>
      pre!.replace(/<\/?span[^>]*>/g, ''),
    );
    expect(shown).toHaveLength(2);
    for (const text of shown) expect(text).toBe('low lower &lt;b&gt;newest&lt;/b&gt; &amp; 日本 👍🏽\n');
  });

  it('converts', () => {
    run('convert', at('bpe.json'), at('bpe.tiktoken'));
    const ids = run('encode', at('bpe.tiktoken'), '--pattern', 'gpt2', 'lower newest');
    expect(ids).toBe(run('encode', at('bpe.json'), 'lower newest'));
  });

  it('says what is wrong', () => {
    expect(() => run('bake')).toThrow('found bake');
    expect(() => run('encode', at('corpus.xyz'), 'x')).toThrow('must end in .json');
    expect(() => run('encode', at('bpe.tiktoken'), 'x')).toThrow('--pattern');
    expect(() => run('decode', at('bpe.json'), 'one')).toThrow('ids must be integers');
    expect(() => run('train', at('corpus.txt'))).toThrow('--out');
    expect(run('--help')).toContain('attune tokenizer <command>');
  });
});
