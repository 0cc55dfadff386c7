import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { bpeTraining, trainAsync, trainBPE, trainUnigram, unigramTraining } from '../index.ts';
import { WordCounts } from '../train/word-counts.ts';
import type * as Node from './index.ts';
import { fileChunks } from './text-chunks.ts';

/** Threads run the compiled worker: not every supported Node.js runs TypeScript. */
const BUILT = fileURLToPath(new URL('../../dist/node/index.js', import.meta.url));
let node: typeof Node;

const { texts } = readFixture<{ texts: string[] }>('training.json.gz');
// Enough for several chunks.
const lines = Array.from({ length: 5000 }, (_, i) => `${texts[i % 300]} ${texts[(i * 7) % 300]} n${i}\n`);
let folder: string;
let file: string;

beforeAll(async () => {
  if (!existsSync(BUILT)) throw new Error(`${BUILT} is not built: run the build first`);
  node = await import(BUILT);
  folder = mkdtempSync(join(tmpdir(), 'attune-training-'));
  file = join(folder, 'corpus.txt');
  for (let i = 0; i < 12; i++) writeFileSync(file, lines.join(''), { flag: 'a' });
});
afterAll(() => rmSync(folder, { recursive: true }));

const whole = () => Array.from({ length: 12 }, () => lines).flat();

describe('training on files and streams', () => {
  it('gives the same whatever the number of threads', async () => {
    const options = { vocabSize: 700, specialTokens: ['<eos>'] };
    const expected = JSON.stringify(trainBPE(whole(), options));
    const progress: number[] = [];
    for (const threads of [1, 2, 3]) {
      const trained = await node.trainFiles([file], bpeTraining(options), {
        threads,
        onProgress: ({ counted, total }) => progress.push(counted / total!),
      });
      expect(JSON.stringify(trained) === expected).toBe(true);
    }
    expect(progress.length).toBeGreaterThan(5);
    expect(progress.at(-1)).toBe(1);
  });

  it('gives the same from texts that arrive over time', async () => {
    const stream = async function* () {
      yield* lines;
    };
    const expected = JSON.stringify(trainBPE(lines, { vocabSize: 500 }));
    const training = bpeTraining({ vocabSize: 500 });
    expect(JSON.stringify(await trainAsync(stream(), training)) === expected).toBe(true);
    expect(JSON.stringify(await node.trainTexts(stream(), training, { threads: 2 })) === expected).toBe(true);
  });

  it('gives the same Unigram model', async () => {
    const options = { vocabSize: 300, hardVocabLimit: false, characterCoverage: 0.99, seedSize: 20_000 };
    const expected = trainUnigram(lines.slice(0, 1000), options).model.pieces;
    const trained = await node.trainTexts(lines.slice(0, 1000), unigramTraining(options), { threads: 2 });
    expect(trained.model.pieces).toEqual(expected);
  });

  it('forgets the rarest words at the same places', async () => {
    const training = bpeTraining({ vocabSize: 400 });
    const [one, two] = await Promise.all(
      [1, 2].map((threads) => node.trainFiles([file], training, { threads, maxWords: 2000 })),
    );
    expect(JSON.stringify(one)).toBe(JSON.stringify(two));
  });

  it('says what is wrong', async () => {
    await expect(node.trainFiles(['/nowhere'], bpeTraining())).rejects.toThrow('/nowhere');
    await expect(node.trainFiles([file], bpeTraining(), { threads: 0 })).rejects.toThrow('threads');
    const broken = { ...bpeTraining(), counter: { kind: 'pattern', pattern: '(' } as const };
    await expect(node.trainFiles([file], broken, { threads: 2 })).rejects.toThrow('pattern');
  });
});

it('cuts files after lines, at spaces, or between characters', () => {
  const path = join(folder, 'cuts.txt');
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  for (const text of ['one line\nanother\nthe last', 'no line but words', '日本語のテキスト', '']) {
    writeFileSync(path, text);
    const parts = [...fileChunks(path, 12)].map((chunk) => utf8.decode(chunk));
    expect(parts.join('')).toBe(text);
    for (const part of parts.slice(0, -1)) {
      if (text.includes('\n')) expect(part).toMatch(/\n$/);
    }
  }
});

describe('word counts', () => {
  it('do not overflow', () => {
    const words = new WordCounts();
    for (let i = 0; i < 3; i++) words.add('word', 0, 4, 2 ** 40);
    expect(words.count(0)).toBe(3 * 2 ** 40);
  });

  it('keep the most frequent words and their order when there are too many', () => {
    const words = new WordCounts(4);
    const counts = { a: 5, b: 1, c: 9, d: 2, e: 7 };
    for (const [word, count] of Object.entries(counts)) words.add(word, 0, 1, count);
    words.prune();
    expect(Array.from({ length: words.size }, (_, i) => words.word(i))).toEqual(['c', 'e']);
    expect(words.count(1)).toBe(7);
  });
});
