import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { attune } from './attune.ts';

let folder: string;
const at = (name: string) => join(folder, name);
const tokenizer = (...args: string[]) => attune(['tokenizer', ...args]);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-cli-tokenizer-'));
  writeFileSync(at('corpus.txt'), 'the low tide is lower than the lowest tide\n'.repeat(50));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('trains, encodes, decodes, inspects, compares and converts', () => {
  const trained = tokenizer(
    'train',
    at('corpus.txt'),
    '--out',
    at('bpe.json'),
    '--vocab-size',
    '280',
    '--threads',
    '2',
  );
  expect(trained).toMatchObject({ code: 0, stdout: `${at('bpe.json')}: 275 tokens\n`, stderr: '' });
  tokenizer('train', at('corpus.txt'), '--out', at('sp.model'), '--model', 'unigram', '--vocab-size', '22');
  const ids = tokenizer('encode', at('bpe.json'), 'lower', 'tide').stdout.trim();
  expect(ids).toMatch(/^\d+ \d+/);
  expect(attune(['tokenizer', 'encode', at('bpe.json')], { input: 'lower tide' }).stdout.trim()).toBe(ids);
  expect(tokenizer('decode', at('bpe.json'), ...ids.split(' ')).stdout).toBe('lower tide\n');
  expect(tokenizer('inspect', at('bpe.json')).stdout).toContain('bpe.json: 275 tokens');
  const compared = tokenizer(
    'compare',
    at('bpe.json'),
    at('sp.model'),
    '--text',
    at('corpus.txt'),
    '--html',
    at('x.html'),
  );
  expect(compared.stdout).toMatch(/sp\.model {2}\d+ bytes, \d+ tokens/);
  expect(readFileSync(at('x.html'), 'utf8')).toContain('<pre>');
  expect(tokenizer('convert', at('bpe.json'), at('bpe.tiktoken')).stdout).toBe(
    `${at('bpe.tiktoken')}: 275 tokens\nnot in this format: how texts are cut into words; pass its pattern when reading (--pattern)\n`,
  );
  expect(tokenizer('encode', at('bpe.tiktoken'), '--pattern', 'gpt2', 'lower tide').stdout.trim()).toBe(ids);
});

it.each(['train', 'encode', 'decode', 'inspect', 'convert', 'compare'])('%s has help', (name) => {
  const { code, stdout } = tokenizer(name, '--help');
  expect(code).toBe(0);
  expect(stdout).toContain(`Usage: attune tokenizer ${name} `);
});

it.each([
  [['bake'], "unknown command 'bake'"],
  [['trian', 'x'], "unknown command 'trian' (Did you mean train?)"],
  [['train', 'x'], "required option '--out <path>' not specified"],
  [['train', '/nowhere', '--out', 'x.json'], '/nowhere: no such file'],
  [['train', '/', '--out', 'x.json'], 'must be files, found a folder'],
  [['train', 'CORPUS', '--out', 'x.json', '--vocab-size', 'many'], 'whole number'],
  [['train', 'CORPUS', '--out', 'x.json', '--vocab-size', '7'], 'vocabSize must be at least 256'],
  [['train', 'CORPUS', '--out', 'x.xyz', '--vocab-size', '256'], 'x.xyz: must end in .json'],
  [['encode', '/nowhere', 'x'], '/nowhere: no such file or folder'],
  [['encode', 'CORPUS', 'x'], '[UNK] is missing'],
  [['decode', 'JSON', '999999'], 'id 999999 is not in the vocabulary'],
  [['decode', 'JSON', 'one'], 'ids must be integers'],
  [['compare', 'JSON'], "required option '--text <file>' not specified"],
  [['compare', 'JSON', '--text', '/nowhere'], '/nowhere: no such file'],
  [['inspect', 'JSON', '--html', 'x.html'], 'pass --text'],
  [
    ['convert', 'JSON', 'out.model'],
    'out.model: SentencePiece has no counterpart for the pre-tokenizer ByteLevel',
  ],
  [['convert', 'JSON', 'out.bin'], 'out.bin: must end in'],
  [['convert', 'JSON', 'x.json', '--bos'], '--bos and --eos are for'],
  [['train', 'CORPUS', '--out', '/nowhere/x.json'], '/nowhere/x.json: there is no folder /nowhere'],
  [['train', 'CORPUS', '--out', 'x.json', '--normalization', 'nfkc'], '--normalization is for unigram'],
])('%j gives one clear line', (args, message) => {
  const files: Record<string, string> = { CORPUS: at('corpus.txt'), JSON: at('bpe.json') };
  const { code, stdout, stderr } = tokenizer(...args.map((each) => files[each] ?? each));
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).toMatch(/^attune: /);
  expect(stderr).toContain(message);
});
