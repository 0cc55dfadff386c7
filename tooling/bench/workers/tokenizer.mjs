/**
 * Encoding, decoding and loading with @attune/tokenizer, and what JavaScript peers can do of it. The peers in
 * Python are in `peers/tokenizer.py`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '../lib/worker.mjs';

const { library, task, data, folder, vocabulary, text, once } = JSON.parse(process.argv[2]);
const own = () => import('../../../packages/tokenizer/dist/index.js');
const file = (name) => readFileSync(join(folder, name), 'utf8');
const NAMES = { gpt2: 'r50k_base', cl100k: 'cl100k_base', o200k: 'o200k_base' };
const UNIGRAM = join(data, 'tokenizers/sentencepiece_unigram_en.model');

/** By library: something that encodes and decodes. */
const libraries = {
  async attune() {
    const { fromTiktoken, SentencePiece, Tokenizer } = await own();
    const tokenizer =
      vocabulary === 'unigram'
        ? SentencePiece.fromModel(readFileSync(UNIGRAM))
        : vocabulary in NAMES
          ? fromTiktoken(file(`${vocabulary}.tiktoken`), { pattern: vocabulary })
          : Tokenizer.fromJSON(file(`${vocabulary}.json`));
    return { encode: (chunk) => tokenizer.encodeIds(chunk), decode: (ids) => tokenizer.decode(ids) };
  },
  /** Ours where WebAssembly can't be had. */
  async 'attune in JavaScript'() {
    globalThis.WebAssembly = undefined;
    return libraries.attune();
  },
  async 'gpt-tokenizer'() {
    const { encode, decode } = await import(`gpt-tokenizer/encoding/${NAMES[vocabulary]}`);
    return { encode: (chunk) => encode(chunk), decode: (ids) => decode(ids) };
  },
  async 'tiktoken wasm'() {
    const encoding = (await import('tiktoken')).get_encoding(NAMES[vocabulary]);
    const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
    return {
      encode: (chunk) => encoding.encode_ordinary(chunk),
      decode: (ids) => utf8.decode(encoding.decode(ids)),
    };
  },
  async 'js-tiktoken'() {
    const encoding = (await import('js-tiktoken')).getEncoding(NAMES[vocabulary]);
    return { encode: (chunk) => encoding.encode(chunk, [], []), decode: (ids) => encoding.decode(ids) };
  },
  async '@huggingface/tokenizers'() {
    const { Tokenizer } = await import('@huggingface/tokenizers');
    const tokenizer = new Tokenizer(JSON.parse(file(`${vocabulary}.json`)), {});
    return { encode: (chunk) => tokenizer.encode(chunk).ids, decode: (ids) => tokenizer.decode(ids) };
  },
  async 'sentencepiece-js'() {
    const { SentencePieceProcessor } = await import('sentencepiece-js');
    const processor = new SentencePieceProcessor();
    await processor.load(UNIGRAM);
    return { encode: (chunk) => processor.encodeIds(chunk) };
  },
};

/** Chunks are passed over for this long at most: the slowest peers do not see all of them. */
const FIRST_PASS = 3000;
const PASS = 500;

/** Times the first pass, then offers passes over the same chunks. */
async function passes(work, chunks, outputs) {
  const counts = [];
  let megabytes = 0;
  const start = performance.now();
  while (counts.length < chunks.length && performance.now() - start < FIRST_PASS) {
    const result = work(chunks[counts.length]);
    counts.push(result.length);
    outputs?.push(result);
    megabytes += sizes[counts.length - 1];
  }
  const firstMs = performance.now() - start;
  let next = 0;
  const step = () => {
    let done = 0;
    const begun = performance.now();
    for (let i = 0; i < counts.length && performance.now() - begun < PASS; i++) {
      work(chunks[next]);
      done += sizes[next];
      next = (next + 1) % counts.length;
    }
    return { megabytes: done };
  };
  // For the first pass alone, no other is needed.
  await serve(once ? () => ({}) : step, { counts, first: (megabytes / firstMs) * 1e3 });
}

let sizes;
const tasks = {
  async encode() {
    const { encode } = await libraries[library]();
    const chunks = JSON.parse(file(`${text}.json`));
    sizes = chunks.map((chunk) => Buffer.byteLength(chunk) / 1e6);
    await passes(encode, chunks);
  },
  async decode() {
    const { decode } = await libraries[library]();
    const chunks = JSON.parse(file(`${text}.json`));
    sizes = chunks.map((chunk) => Buffer.byteLength(chunk) / 1e6);
    const { fromTiktoken } = await own();
    const tokenizer = fromTiktoken(file(`${vocabulary}.tiktoken`), { pattern: vocabulary });
    const ids = chunks.map((chunk) => tokenizer.encodeIds(chunk));
    const given = library === 'tiktoken wasm' ? ids.map((each) => Uint32Array.from(each)) : ids;
    // Asking for a character makes the engine lay out the text.
    const lay = (decoded) => {
      decoded.charCodeAt(decoded.length >> 1);
      return decoded;
    };
    await passes((each) => lay(decode(each)), given);
  },
  /** From the text of a tokenizer.json to the ids of a first sentence. */
  async load() {
    const json = file(`${vocabulary}.json`);
    const { Tokenizer } = library === 'attune' ? await own() : await import('@huggingface/tokenizers');
    const start = performance.now();
    if (library === 'attune') Tokenizer.fromJSON(json).encodeIds('Hello world');
    else new Tokenizer(JSON.parse(json), {}).encode('Hello world');
    await serve(() => ({}), { counts: [], first: performance.now() - start });
  },
};

await tasks[task]();
