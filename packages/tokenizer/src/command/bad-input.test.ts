import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  compareCommand,
  convertCommand,
  encodeCommand,
  inspectCommand,
  loadTokenizer,
  type TrainCommandOptions,
  trainCommand,
} from './index.ts';

let folder: string;
const at = (name: string) => join(folder, name);
const print = () => {};
const train = (options: Partial<TrainCommandOptions>) =>
  trainCommand([at('corpus.txt')], { vocabSize: 300, out: at('out.json'), ...options }, print);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'attune-tokenizer-'));
  mkdirSync(at('folder'));
  writeFileSync(at('corpus.txt'), 'low lower lowest\nnew newer newest ﬁne\n'.repeat(20));
  writeFileSync(at('empty.txt'), '');
  writeFileSync(at('rules.tsv'), '66 69\tFB01\nnot hexadecimal\t41\n');
  writeFileSync(at('lower.tsv'), 'FB01\t66 69\n');
  await train({ out: at('bpe.json'), special: ['<eos>'] });
  await train({ out: at('wp.txt'), model: 'wordpiece', vocabSize: 60 });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('attune tokenizer train', () => {
  it('says before it begins what could not be written', async () => {
    const late = () => {
      throw new Error('training has begun');
    };
    const begin = (out: string, model?: TrainCommandOptions['model']) =>
      expect(train({ out: at(out), model, onProgress: late })).rejects;
    await begin('nowhere/out.json').toThrow(/nowhere\/out\.json: there is no folder .*nowhere/);
    await begin('out.nope').toThrow('out.nope: must end in .json, .tiktoken, / (a folder');
    await begin('out.model').toThrow('must end in .json, .tiktoken');
    await begin('out.txt', 'unigram').toThrow('must end in .model, .vocab, .json');
    await begin('folder', 'wordpiece').toThrow('folder: must end in .json, .txt');
    expect(existsSync(at('nowhere'))).toBe(false);
  });

  it('refuses options that would do nothing', async () => {
    await expect(train({ normalization: 'nfkc' })).rejects.toThrow('--normalization is for unigram and');
    await expect(train({ byteFallback: true })).rejects.toThrow('--byte-fallback is for');
    await expect(train({ lowercase: false })).rejects.toThrow('--no-lowercase is for wordpiece');
    const unigram = { model: 'unigram', out: at('x.model') } as const;
    await expect(train({ ...unigram, pattern: 'gpt2' })).rejects.toThrow('--pattern is for bpe');
    await train({ lowercase: true, hardVocabLimit: true }); // the defaults of the command line
  });

  it('names bad values', async () => {
    const unigram = { model: 'unigram', out: at('x.model'), vocabSize: 60 } as const;
    await expect(train({ ...unigram, characterCoverage: 7 })).rejects.toThrow('at most 1, found 7');
    await expect(train({ ...unigram, special: ['<s>'] })).rejects.toThrow('"<s>" is there already');
    await expect(train({ ...unigram, special: [''] })).rejects.toThrow('"" is empty');
    await expect(train({ special: ['<eos>', ''] })).rejects.toThrow(
      'specialTokens[1] must be a string of at least',
    );
    await expect(train({ model: 'wordpiece', special: [''] })).rejects.toThrow('specialTokens[0]');
    await expect(train({ ...unigram, vocabSize: 3000 })).rejects.toThrow('pass --no-hard-vocab-limit');
    await expect(train({ ...unigram, normalization: 'nfc' })).rejects.toThrow('found nfc');
    await expect(train({ ...unigram, normalization: at('none.tsv') })).rejects.toThrow(
      'none.tsv: no such file',
    );
    await expect(train({ ...unigram, normalization: at('rules.tsv') })).rejects.toThrow(
      /rules\.tsv: normalization rules, line 2/,
    );
    await train({ ...unigram, vocabSize: 3000, hardVocabLimit: false });
  });

  it('rewrites texts by rules, named or of a file', async () => {
    for (const normalization of ['nfkc', at('lower.tsv')]) {
      await train({
        model: 'unigram',
        out: at('n.model'),
        vocabSize: 40,
        hardVocabLimit: false,
        normalization,
      });
      const { tokenizer } = loadTokenizer(at('n.model'));
      expect(tokenizer.encodeIds('ﬁ')).toEqual(tokenizer.encodeIds('fi'));
    }
  });
});

describe('attune tokenizer convert', () => {
  it('refuses formats that cannot hold a tokenizer', () => {
    const convert = (from: string, to: string) => () => convertCommand(at(from), at(to), {}, print);
    expect(convert('bpe.json', 'x.txt')).toThrow('must be WordPiece, found BPE');
    expect(convert('wp.txt', 'x.tiktoken')).toThrow('must be byte-level BPE, found WordPiece');
    expect(convert('wp.txt', 'folder')).toThrow('must be BPE, found WordPiece');
    expect(convert('bpe.json', 'nowhere/x.json')).toThrow('there is no folder');
    for (const name of ['x.txt', 'x.tiktoken']) expect(existsSync(at(name))).toBe(false);
  });

  it('takes a folder that is there for GPT-2', () => {
    convertCommand(at('bpe.json'), at('folder'), {}, print);
    expect(readFileSync(at('folder/merges.txt'), 'utf8')).toContain('#version');
  });
});

it('looks for the place of a page before it works', () => {
  const lines: string[] = [];
  const page = { text: at('corpus.txt'), html: at('nowhere/page.html') };
  expect(() => inspectCommand(at('bpe.json'), page, (line) => lines.push(line))).toThrow(
    'there is no folder',
  );
  expect(() => compareCommand([at('bpe.json')], page, (line) => lines.push(line))).toThrow('no folder');
  expect(lines).toEqual([]);
});

it('speaks of its own options', () => {
  expect(() => encodeCommand(at('bpe.json'), 'a<eos>', { special: 'refuse' }, print)).toThrow(
    'pass --special allow',
  );
});

it('shows all tokens of a character on a page', async () => {
  const unigram = {
    model: 'unigram',
    out: at('bytes.model'),
    hardVocabLimit: false,
    byteFallback: true,
  } as const;
  await train(unigram);
  writeFileSync(at('bytes.txt'), 'low 日');
  for (const name of ['bytes.model', 'bpe.json']) {
    inspectCommand(at(name), { text: at('bytes.txt'), html: at('bytes.html') }, print);
    const page = readFileSync(at('bytes.html'), 'utf8');
    const last = [...page.matchAll(/<span class="([^"]*)" title="([^"]*)">日<\/span>/g)];
    expect(last).toHaveLength(1);
    expect(last[0]![1]).toContain('many');
    expect(last[0]![2]!.split('\n')).toHaveLength(3);
  }
});

it('makes a page of an empty text', () => {
  inspectCommand(at('bpe.json'), { text: at('empty.txt'), html: at('empty.html') }, print);
  expect(readFileSync(at('empty.html'), 'utf8')).toContain('<pre></pre>');
});
