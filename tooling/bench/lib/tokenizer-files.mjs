/** Writes the vocabularies that the tokenizer benchmark needs into a folder: rank files, tokenizer.json files, chunks. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromTiktoken, SentencePiece, trainWordPiece } from '../../../packages/tokenizer/dist/index.js';

const UNIGRAM = 'tokenizers/sentencepiece_unigram_en.model';
/** Ids below this make the vocabulary of which loading is timed. */
const LOADED = 128_000;

/**
 * @param {string} folder where to
 * @param {Record<string, { chunks: string[], lines: string[] }>} texts
 * @returns which vocabularies there are
 */
export async function writeFiles(folder, data, texts) {
  mkdirSync(folder, { recursive: true });
  const write = (name, content) => writeFileSync(join(folder, name), content);
  const available = ['gpt2'];
  const gpt2 = readFileSync(join(data, 'tokenizers/gpt2.tiktoken'), 'utf8');
  write('gpt2.tiktoken', gpt2);
  for (const name of ['cl100k', 'o200k']) {
    const ranks = await ranksOf(name);
    if (ranks === null) continue;
    write(`${name}.tiktoken`, ranks);
    available.push(name);
  }
  for (const name of available) {
    const path = join(folder, `${name}.json`);
    const ranks = readFileSync(join(folder, `${name}.tiktoken`), 'utf8');
    if (!existsSync(path)) write(`${name}.json`, JSON.stringify(fromTiktoken(ranks, { pattern: name })));
    if (name !== 'o200k') continue;
    const first = ranks.split('\n').slice(0, LOADED).join('\n');
    write('o200k-128k.json', JSON.stringify(fromTiktoken(first, { pattern: name })));
  }
  const wordPiece = trainWordPiece(texts.english.lines, { vocabSize: 8000 });
  write('wordpiece.json', JSON.stringify(wordPiece));
  write('unigram-json.json', JSON.stringify(unigramJson(readFileSync(join(data, UNIGRAM)))));
  for (const [name, { chunks, lines }] of Object.entries(texts)) {
    write(`${name}.chunks.json`, JSON.stringify(chunks));
    write(`${name}.lines.json`, JSON.stringify(lines));
  }
  return available;
}

/** A SentencePiece model as a tokenizer.json, with the components that converted models have. */
function unigramJson(file) {
  const { pieces, normalizer, unkId } = SentencePiece.fromModel(file).model;
  const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: {
      type: 'Precompiled',
      precompiled_charsmap: Buffer.from(normalizer.precompiledCharsmap).toString('base64'),
    },
    pre_tokenizer: metaspace,
    post_processor: null,
    decoder: metaspace,
    model: {
      type: 'Unigram',
      unk_id: unkId,
      vocab: pieces.map(({ piece, score }) => [piece, score]),
      byte_fallback: false,
    },
  };
}

/** A rank file from the npm package js-tiktoken, or null where that is not installed. */
async function ranksOf(name) {
  let packed;
  try {
    packed = (await import(`js-tiktoken/ranks/${name}_base`)).default.bpe_ranks;
  } catch {
    return null;
  }
  const lines = [];
  for (const line of packed.split('\n').filter(Boolean)) {
    const [, first, ...tokens] = line.split(' ');
    for (const [i, token] of tokens.entries()) lines.push(`${token} ${Number(first) + i}`);
  }
  return `${lines.join('\n')}\n`;
}
