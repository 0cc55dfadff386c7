/**
 * Megabytes a second of the tokenizer against tiktoken, Hugging Face `tokenizers` and SentencePiece on one thread, in
 * chunks of 20 kB, and seconds of training. ATTUNE_BENCH_DATA names a folder with `text/*.txt`, `math/*.jsonl` and
 * `tokenizers/{gpt2.tiktoken,sentencepiece_unigram_en.model}`. Both sides must come to the same number of tokens.
 */
import { startOurs, startPeer, takeTurns } from '../lib/peer.mjs';
import { lessIsBetter, median, moreIsBetter } from '../lib/report.mjs';

const ROUNDS = Number(process.env.ATTUNE_BENCH_ROUNDS ?? 5);
const ENCODING = [
  ['encode, gpt2 ranks', 'gpt2', 'tiktoken'],
  ['encode, cl100k pattern', 'cl100k', 'tiktoken'],
  ['encode, gpt2 ranks, tokenizer.json', 'json', 'tokenizers'],
  ['encode, SentencePiece unigram', 'sentencepiece', 'sentencepiece'],
  ['decode, gpt2 ranks', 'decode', 'tiktoken'],
];
const TRAINING = [
  ['train BPE, 30,000', 'train-bpe', 'tokenizers'],
  ['train Unigram, 8,000', 'train-unigram', 'sentencepiece'],
];

export async function run() {
  const data = process.env.ATTUNE_BENCH_DATA;
  if (!data) throw new Error('bench tokenizer: set ATTUNE_BENCH_DATA to the folder of the texts');
  const rows = [];
  for (const [name, task, peer] of ENCODING) {
    const { ours, theirs, megabytes } = await compare({ task, data }, ROUNDS);
    rows.push(
      moreIsBetter(name, 'MB/s', (megabytes / ours) * 1e3, theirs && (megabytes / theirs) * 1e3, peer),
    );
  }
  for (const [name, task, peer] of TRAINING) {
    const { ours, theirs } = await compare({ task, data }, 1);
    rows.push(lessIsBetter(name, 's', ours / 1e3, theirs && theirs / 1e3, peer));
  }
  return rows;
}

/** Median milliseconds of both sides; the peer's are null where it is not installed. */
async function compare(argument, rounds) {
  const workers = { ours: await startOurs('tokenizer', argument) };
  try {
    workers.theirs = await startPeer('tokenizer', argument);
  } catch {
    console.error(`bench tokenizer: the peer of ${argument.task} is missing`);
  }
  const times = await takeTurns(workers, rounds);
  const { megabytes, tokens } = workers.ours.ready;
  const expected = workers.theirs?.ready.tokens;
  if (expected !== undefined && expected !== tokens) {
    throw new Error(`bench tokenizer: ${argument.task} gives ${tokens} tokens, the peer ${expected}`);
  }
  for (const worker of Object.values(workers)) await worker.end();
  return { ours: median(times.ours), theirs: times.theirs ? median(times.theirs) : null, megabytes };
}
