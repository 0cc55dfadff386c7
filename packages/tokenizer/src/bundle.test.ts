import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFixture } from './fixtures/read-fixture.ts';
import type * as Attune from './index.ts';
import type { TokenizerJson } from './tokenizer-json.ts';

/** What an application that uses some of the package ships: minified, without Node.js. */
async function bundle(exports: string, format: 'esm' | 'iife' = 'esm'): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export ${exports} from './index.ts'`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    minify: true,
    format,
    globalName: 'attune',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

// Byte-level BPE in WebAssembly is 12 kB of these: 10 of code in base64, 2 of what speaks to it. Unigram models are 7,
// learning merges 6.
describe('size of the bundle, in kB after gzip', () => {
  it.each([
    ['everything', '*', 94],
    ['reading and using tokenizer.json', '{ Tokenizer }', 62],
    ['reading and using SentencePiece models', '{ SentencePiece }', 30],
  ])('%s', async (_, exports, limit) => {
    const size = gzipSync(await bundle(exports), { level: 9 }).length / 1000;
    expect(size).toBeLessThan(limit);
    // So that the limits mean something.
    expect(size).toBeGreaterThan(limit / 2.5);
  });
});

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);

interface Results {
  bytes: string[];
  wordPiece: number[][];
  sentencePiece: number[][];
  decoded: string;
  trained: number;
  streamed: number[];
}

/** What the page and the worker do: it is sent to them as text, so it uses nothing from here. */
function exercise(
  { Tokenizer, SentencePiece, trainBPE }: typeof Attune,
  given: { json: TokenizerJson; model: string; texts: string[]; corpus: string[] },
): Results {
  const trained = trainBPE(given.corpus, { vocabSize: 400 });
  const tokenizer = Tokenizer.fromJSON(given.json);
  const model = SentencePiece.fromModel(Uint8Array.from(given.model, (char) => char.charCodeAt(0)));
  const stream = trained.encodeStream();
  return {
    bytes: given.texts.map((text) => trained.decode(trained.encodeIds(text))),
    wordPiece: given.texts.map((text) => tokenizer.encode(text, { specialTokens: 'allow' }).ids),
    sentencePiece: given.texts.map((text) => model.encodeIds(text)),
    decoded: model.decode(model.encodeIds('low lower')),
    trained: trained.vocabSize,
    streamed: [...stream.push('low low'), ...stream.push('er'), ...stream.end()],
  };
}

const components = readFixture<{
  texts: string[];
  cases: { name: string; tokenizer: TokenizerJson; encodings: [number[]][] }[];
}>('components.json.gz');
const model = readFixture<{ model: string; encodings: [string, number[]][] }[]>('sentencepiece.json.gz')[0]!;
const { corpus } = readFixture<{ corpus: string[] }>('byte-level.json');
const texts = components.texts.slice(0, 30);
const wordPiece = components.cases.find(({ name }) => name === 'model WordPiece no cleanup')!;
const given = { json: wordPiece.tokenizer, model: model.model, texts, corpus };

describe.skipIf(!CHROMIUM)('in a browser (skipped where no Chromium is installed)', () => {
  let browser: Browser;
  let page: Page;
  let code: string;
  beforeAll(async () => {
    code = `${await bundle('*', 'iife')};const exercise = ${exercise.toString()};`;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    page = await browser.newPage();
  });
  afterAll(() => browser.close());

  const check = (results: Results) => {
    expect(results.bytes).toEqual(texts);
    expect(results.wordPiece).toEqual(wordPiece.encodings.slice(0, 30).map(([ids]) => ids));
    expect(results.sentencePiece).toEqual(model.encodings.slice(0, 30).map(([, ids]) => ids));
    expect([results.decoded, results.trained]).toEqual(['low lower', 400]);
    expect(results.streamed.length).toBeGreaterThan(1);
  };

  it('trains, reads, encodes and decodes as elsewhere', async () => {
    check(await page.evaluate(`${code} exercise(attune, ${JSON.stringify(given)})`));
  });

  it('does so in a worker', async () => {
    const worker = `${code} onmessage = ({ data }) => postMessage(exercise(attune, data));`;
    const run = `new Promise((resolve, reject) => {
      const url = URL.createObjectURL(new Blob([${JSON.stringify(worker)}], { type: 'text/javascript' }));
      const worker = new Worker(url);
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(${JSON.stringify(given)});
    })`;
    check(await page.evaluate(run));
  });
});
