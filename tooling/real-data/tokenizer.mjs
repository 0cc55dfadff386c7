// Checks @attune/tokenizer against tiktoken, `tokenizers` and sentencepiece on real text, token for token and offset for offset.
//
//   node tooling/real-data/tokenizer.mjs DATA                    by the digests of whole files in tokenizer.json
//   node tooling/real-data/tokenizer.mjs DATA reference.jsonl    line by line, which names what differs
//   node tooling/real-data/tokenizer.mjs --digest reference.jsonl > tooling/real-data/tokenizer.json
//
// The reference comes from `python tooling/reference/tokenizer/real_data.py DATA > reference.jsonl`.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  convertOffsets,
  fromTiktoken,
  SentencePiece,
  Tokenizer,
} from '../../packages/tokenizer/dist/index.js';

const [data, referenceFile] = process.argv.slice(2);
if (!data) {
  console.error('usage: node tooling/real-data/tokenizer.mjs DATA [reference.jsonl]');
  process.exit(2);
}

const records = (file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** One digest for each file and tokenizer, over those of its documents in order. */
function digestsOfFiles(documentRecords) {
  const hashes = new Map();
  for (const { name, ...digests } of documentRecords) {
    const file = name.replace(/:\d+$/, '');
    for (const [tokenizer, value] of Object.entries(digests)) {
      const key = `${file} ${tokenizer}`;
      if (!hashes.has(key)) hashes.set(key, createHash('sha256'));
      hashes.get(key).update(value);
    }
  }
  return Object.fromEntries([...hashes].sort().map(([key, hash]) => [key, hash.digest('hex').slice(0, 32)]));
}

if (data === '--digest') {
  console.log(JSON.stringify(digestsOfFiles(records(referenceFile)), null, 2));
  process.exit(0);
}

function* documents() {
  for (const name of readdirSync(join(data, 'text'))
    .filter((each) => each.endsWith('.txt'))
    .sort()) {
    const text = readFileSync(join(data, 'text', name), 'utf8');
    yield [name, text];
    for (const [i, line] of text.split('\n').entries()) yield [`${name}:${i + 1}`, line];
  }
  for (const name of ['gsm8k_train.jsonl', 'gsm8k_test.jsonl']) {
    const lines = readFileSync(join(data, 'math', name), 'utf8')
      .split('\n')
      .filter(Boolean);
    for (const [i, line] of lines.entries()) {
      const { question, answer } = JSON.parse(line);
      yield [`${name}:${i + 1}`, `${question}\n${answer}`];
    }
  }
}

const digest = (...columns) => {
  const hash = createHash('sha256');
  for (const column of columns) hash.update(Int32Array.from(column));
  return hash.digest('hex').slice(0, 16);
};

const ranks = readFileSync(join(data, 'tokenizers/gpt2.tiktoken'), 'utf8');
const bpe = ['gpt2', 'cl100k', 'o200k'].map((pattern) => [pattern, fromTiktoken(ranks, { pattern })]);
/** Offsets and word ids of `tokenizer.json`, by the pre-tokenizer of GPT-2. */
const json = Tokenizer.fromJSON({
  ...bpe[0][1].toJSON(),
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
});
const sentencePiece = SentencePiece.fromModel(
  readFileSync(join(data, 'tokenizers/sentencepiece_unigram_en.model')),
);

const differing = [];
function* encodings() {
  for (const [name, text] of documents()) {
    const record = { name };
    for (const [pattern, tokenizer] of bpe) {
      const { ids, offsets } = tokenizer.encode(text);
      const starts = convertOffsets(offsets, text, 'codepoint').map(([start]) => start);
      record[pattern] = digest(ids, starts);
      if (digest(tokenizer.encodeIds(text)) !== digest(ids)) differing.push(`${name} ${pattern}, fast path`);
      if (tokenizer.decode(ids) !== text) differing.push(`${name} ${pattern}, decoded`);
    }
    const encoding = json.encode(text);
    const spans = convertOffsets(encoding.offsets, text, 'codepoint').flat();
    record.tokenizers = digest(encoding.ids, spans, encoding.wordIds);
    const { ids, offsets } = sentencePiece.encode(text);
    record.sentencepiece = digest(ids, convertOffsets(offsets, text, 'codepoint').flat());
    if (digest(sentencePiece.encodeIds(text)) !== digest(ids)) differing.push(`${name} sentencepiece, ids`);
    yield record;
  }
}

let compared = 0;
const compare = (name, actual, expected) => {
  compared++;
  if (actual !== expected) differing.push(name);
};
if (referenceFile) {
  const expected = new Map(records(referenceFile).map((record) => [record.name, record]));
  for (const { name, ...actual } of encodings())
    for (const [tokenizer, value] of Object.entries(actual))
      compare(`${name} ${tokenizer}`, value, expected.get(name)?.[tokenizer]);
} else {
  const expected = JSON.parse(readFileSync(new URL('tokenizer.json', import.meta.url), 'utf8'));
  const actual = digestsOfFiles(encodings());
  for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)]))
    compare(name, actual[name], expected[name]);
}
for (const each of differing.slice(0, 20)) console.log(`  differs: ${each}`);
console.log(`${Math.max(0, compared - differing.length)} passed, ${differing.length} failed`);
process.exit(differing.length > 0 || compared === 0 ? 1 : 0);
