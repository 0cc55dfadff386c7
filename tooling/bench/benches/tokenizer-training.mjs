/**
 * Seconds of training a tokenizer against Hugging Face `tokenizers` and SentencePiece on one thread, on 5.5 MB of prose
 * and word problems, and the memory that training on a corpus of 1 GB takes. ATTUNE_BENCH_DATA names a folder with
 * `text/*.txt` and `math/gsm8k_train.jsonl`; ATTUNE_BENCH_MB is the size of the large corpus (default 1000, 0 for none);
 * ATTUNE_BENCH_ONLY leaves out the rows whose task does not contain one of its words, which are separated by commas;
 * ATTUNE_BENCH_ROUNDS says how often each is done.
 */
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOurs, startPeer, takeTurns } from '../lib/peer.mjs';
import { lessIsBetter, median } from '../lib/report.mjs';

const TASKS = [
  ['BPE over bytes, 30,000', 'bpe', 'tokenizers', 3],
  ['SentencePiece BPE, 8,192', 'sentencepiece-bpe-8192', 'spm_train', 3],
  ['SentencePiece BPE, 30,000', 'sentencepiece-bpe-30000', 'spm_train', 3],
  ['Unigram, 8,192', 'unigram-8192', 'spm_train', 3],
  ['Unigram, 8,000', 'unigram-8000', 'tokenizers', 1],
];
const LARGE = ['bpe', 'unigram-8000'];
const LIMIT_MB = 2000;
const ONLY = (process.env.ATTUNE_BENCH_ONLY ?? '').split(',').filter(Boolean);
const isWanted = (task) => ONLY.length === 0 || ONLY.some((word) => task.includes(word));

export async function run() {
  const data = process.env.ATTUNE_BENCH_DATA;
  if (!data) throw new Error('bench tokenizer-training: set ATTUNE_BENCH_DATA to the folder of the texts');
  const rows = [];
  for (const [name, task, peer, usual] of TASKS) {
    if (!isWanted(task)) continue;
    const rounds = Number(process.env.ATTUNE_BENCH_ROUNDS ?? usual);
    const workers = { ours: await startOurs('tokenizer-training', { task, data }) };
    try {
      workers.theirs = await startPeer('tokenizer_training', { task, data });
    } catch {
      console.error(`bench tokenizer-training: the peer of ${task} is missing`);
    }
    const times = await takeTurns(workers, rounds);
    for (const worker of Object.values(workers)) await worker.end();
    const seconds = (side) => (times[side] ? median(times[side]) / 1e3 : null);
    rows.push(lessIsBetter(name, 's', seconds('ours'), seconds('theirs'), peer));
  }
  const megabytes = Number(process.env.ATTUNE_BENCH_MB ?? 1000);
  if (megabytes > 0 && LARGE.some((task) => isWanted(`large ${task}`)))
    rows.push(...(await large(data, megabytes)));
  return rows;
}

/** Time and peak memory of training on a large file. */
export async function large(data, megabytes) {
  const folder = mkdtempSync(join(tmpdir(), 'attune-bench-'));
  const file = join(folder, 'corpus.txt');
  const rows = [];
  try {
    writeCorpus(data, file, megabytes);
    for (const task of LARGE) {
      if (!isWanted(`large ${task}`)) continue;
      const worker = await startOurs('tokenizer-training', { task, data, file });
      const { ms } = await worker.step();
      const { peakMiB } = await worker.end();
      const peak = (peakMiB * 2 ** 20) / 1e6;
      console.log(
        `${task} on ${megabytes} MB: ${(ms / 1e3).toFixed(1)} s, peak memory ${peak.toFixed(0)} MB`,
      );
      rows.push(lessIsBetter(`${task} on ${megabytes} MB, peak memory`, 'MB', peak, LIMIT_MB, 'the limit'));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return rows;
}

/** Words of the texts in random order; one in fifty is altered, so that new words keep coming as in real corpora. */
function writeCorpus(data, file, megabytes) {
  const words = readdirSync(join(data, 'text'))
    .filter((name) => name.endsWith('.txt'))
    .map((name) => readFileSync(join(data, 'text', name), 'utf8'))
    .concat(readFileSync(join(data, 'math/gsm8k_train.jsonl'), 'utf8'))
    .join('')
    .split(/(?<=\s)/);
  let state = 1;
  const random = (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return Math.floor(((state >>> 8) / 2 ** 24) * limit);
  };
  const letter = () => 'etaoinshrdlucmfwypvbgkqjxz'[random(26)];
  const descriptor = openSync(file, 'w');
  for (let written = 0; written < megabytes * 1e6; ) {
    let text = '';
    while (text.length < 1e6) {
      const word = words[random(words.length)];
      const at = random(word.length);
      text += random(50) === 0 ? word.slice(0, at) + letter() + letter() + word.slice(at) : word;
    }
    written += writeSync(descriptor, text);
  }
  closeSync(descriptor);
}
