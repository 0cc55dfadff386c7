// Checks @attune/tokenizer against tiktoken, `tokenizers` and sentencepiece on real text, token for token and offset for offset.
//
//   python tooling/reference/tokenizer/real_data.py DATA > reference.jsonl
//   node tooling/real-data/tokenizer.mjs DATA reference.jsonl
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
if (!data || !referenceFile) {
  console.error('usage: node tooling/real-data/tokenizer.mjs DATA reference.jsonl');
  process.exit(2);
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
const expected = new Map(
  readFileSync(referenceFile, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .map((record) => [record.name, record]),
);

let compared = 0;
const differing = [];
const check = (name, tokenizer, actual) => {
  compared++;
  if (expected.get(name)?.[tokenizer] !== actual) differing.push(`${name} ${tokenizer}`);
};
for (const [name, text] of documents()) {
  for (const [pattern, tokenizer] of bpe) {
    const { ids, offsets } = tokenizer.encode(text);
    const starts = convertOffsets(offsets, text, 'codepoint').map(([start]) => start);
    check(name, pattern, digest(ids, starts));
    if (digest(tokenizer.encodeIds(text)) !== digest(ids)) differing.push(`${name} ${pattern}, fast path`);
    if (tokenizer.decode(ids) !== text) differing.push(`${name} ${pattern}, decoded`);
  }
  const encoding = json.encode(text);
  const spans = convertOffsets(encoding.offsets, text, 'codepoint').flat();
  check(name, 'tokenizers', digest(encoding.ids, spans, encoding.wordIds));
  const { ids, offsets } = sentencePiece.encode(text);
  check(name, 'sentencepiece', digest(ids, convertOffsets(offsets, text, 'codepoint').flat()));
  if (digest(sentencePiece.encodeIds(text)) !== digest(ids)) differing.push(`${name} sentencepiece, ids`);
}
console.log(`${compared} encodings compared, ${differing.length} differ`);
for (const each of differing.slice(0, 20)) console.log(`  ${each}`);
process.exit(differing.length > 0 || expected.size === 0 ? 1 : 0);
