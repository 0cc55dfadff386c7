/**
 * The tokenizer against its peers on one thread: megabytes of UTF-8 a second of encoding and decoding, in chunks of
 * 20 kB, on a process's first pass over a text and on later ones; milliseconds of loading. Training has a benchmark of
 * its own, `tokenizer-training`.
 *
 * ATTUNE_BENCH_DATA names a folder with `text/*.txt`, `math/*.jsonl` and
 * `tokenizers/{gpt2.tiktoken,sentencepiece_unigram_en.model}`; ATTUNE_BENCH_JAPANESE a text (see
 * `lib/tokenizer-texts.mjs`); ATTUNE_BENCH_ONLY leaves out the cases whose name does not contain one of its words, which
 * are separated by commas; ATTUNE_BENCH_ROUNDS says how often everything is done (5).
 */
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startOurs, startPeer } from '../lib/peer.mjs';
import { lessIsBetter, median, moreIsBetter } from '../lib/report.mjs';
import { writeFiles } from '../lib/tokenizer-files.mjs';
import { readTexts } from '../lib/tokenizer-texts.mjs';

const ROUNDS = Number(process.env.ATTUNE_BENCH_ROUNDS ?? 5);
/** Fresh processes for first passes and loading. */
const STARTS = 3;
const ONLY = (process.env.ATTUNE_BENCH_ONLY ?? '').split(',').filter(Boolean);
const isWanted = (name) => ONLY.length === 0 || ONLY.some((word) => name.includes(word));

const PYTHON = ['tiktoken', 'tokenizers', 'sentencepiece'];
const BPE = [
  'gpt-tokenizer',
  'tiktoken wasm',
  'js-tiktoken',
  '@huggingface/tokenizers',
  'tiktoken',
  'tokenizers',
];

export async function run() {
  const data = process.env.ATTUNE_BENCH_DATA;
  if (!data) throw new Error('bench tokenizer: set ATTUNE_BENCH_DATA to the folder of the texts');
  const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
  const folder = join(tmpdir(), 'attune-bench-tokenizer');
  const texts = readTexts(data, root);
  for (const [name, { about }] of Object.entries(texts)) console.log(`${name}: ${about}`);
  const vocabularies = await writeFiles(folder, data, texts);
  const rows = [];
  const compare = async (name, task, peers) => {
    if (isWanted(name)) rows.push(...(await measure(name, { data, folder, ...task }, peers)));
  };
  for (const vocabulary of vocabularies) {
    for (const text of Object.keys(texts)) {
      await compare(`encode ${vocabulary}, ${text}`, { task: 'encode', vocabulary, text: `${text}.chunks` }, [
        'attune in JavaScript',
        ...BPE,
      ]);
    }
  }
  for (const part of ['chunks', 'lines']) {
    const task = { task: 'encode', vocabulary: 'unigram', text: `english.${part}` };
    await compare(`encode Unigram, ${part}`, task, ['sentencepiece', 'sentencepiece-js']);
  }
  const hugging = ['tokenizers', '@huggingface/tokenizers'];
  for (const vocabulary of ['unigram-json', 'wordpiece']) {
    const task = { task: 'encode', vocabulary, text: 'english.chunks' };
    await compare(`encode ${vocabulary}, english`, task, hugging);
  }
  for (const text of Object.keys(texts)) {
    const task = { task: 'decode', vocabulary: 'cl100k', text: `${text}.chunks` };
    if (vocabularies.includes('cl100k')) await compare(`decode cl100k, ${text}`, task, BPE);
  }
  if (vocabularies.includes('o200k') && isWanted('load')) {
    rows.push(...(await measureLoading({ task: 'load', data, folder, vocabulary: 'o200k-128k' }, hugging)));
  }
  return rows;
}

/** A worker of a library, or null where that is missing. */
async function start(library, argument) {
  try {
    const begin = PYTHON.includes(library) ? startPeer : startOurs;
    return await begin('tokenizer', { ...argument, library });
  } catch {
    return null;
  }
}

/** First and later passes of ours and of all peers, as two rows a peer. */
async function measure(name, argument, peers) {
  const libraries = ['attune', ...peers];
  const first = Object.fromEntries(libraries.map((library) => [library, []]));
  const workers = {};
  for (let i = 0; i < STARTS; i++) {
    for (const library of libraries) {
      const worker = await start(library, { ...argument, once: i < STARTS - 1 });
      if (!worker) {
        if (i === 0) console.error(`bench tokenizer: ${library} is missing (${name})`);
        continue;
      }
      first[library].push(worker.ready.first);
      if (i < STARTS - 1) await worker.end();
      else workers[library] = worker;
    }
  }
  checkAgreement(name, workers, argument.task);
  const rates = await passRates(workers);
  for (const worker of Object.values(workers)) await worker.end();
  const middle = (list) => (list?.length ? median(list) : null);
  return peers.flatMap((peer) => [
    moreIsBetter(`${name}`, 'MB/s', middle(rates.attune), middle(rates[peer]), peer),
    moreIsBetter(`${name}, first pass`, 'MB/s', middle(first.attune), middle(first[peer]), peer),
  ]);
}

/** Megabytes a second of each pass, by library. The libraries take turns. */
async function passRates(workers) {
  const rates = Object.fromEntries(Object.keys(workers).map((library) => [library, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [library, worker] of Object.entries(workers)) {
      const { megabytes, ms } = await worker.step();
      rates[library].push((megabytes / ms) * 1e3);
    }
  }
  return rates;
}

/** The originals decide; a peer that comes to other numbers of tokens is named. */
function checkAgreement(name, workers, task) {
  if (task !== 'encode') return;
  const ours = workers.attune.ready.counts;
  for (const [library, { ready }] of Object.entries(workers)) {
    const differing = ready.counts.filter((count, i) => count !== ours[i]).length;
    if (differing === 0) continue;
    const message = `${name}: ${library} comes to another number of tokens in ${differing} of ${ready.counts.length} chunks`;
    if (PYTHON.includes(library)) throw new Error(`bench tokenizer: ${message}`);
    console.error(`bench tokenizer: ${message}`);
  }
}

async function measureLoading(argument, peers) {
  const times = Object.fromEntries(['attune', ...peers].map((library) => [library, []]));
  for (let i = 0; i < STARTS + 2; i++) {
    for (const library of Object.keys(times)) {
      const worker = await start(library, argument);
      if (!worker) continue;
      times[library].push(worker.ready.first);
      await worker.end();
    }
  }
  return peers.map((peer) => {
    const theirs = times[peer].length > 0 ? median(times[peer]) : null;
    return lessIsBetter('load tokenizer.json of 128,000', 'ms', median(times.attune), theirs, peer);
  });
}
