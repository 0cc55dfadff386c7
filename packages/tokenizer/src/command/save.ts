import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toBertVocab } from '../formats/bert.ts';
import { toGpt2Files } from '../formats/gpt2.ts';
import { toTiktoken } from '../formats/tiktoken.ts';
import { toSentencePiece } from '../sentencepiece/from-tokenizer-json.ts';
import { SentencePiece } from '../sentencepiece/sentencepiece.ts';
import { type ToTokenizerJsonOptions, toTokenizerJson } from '../sentencepiece/to-tokenizer-json.ts';
import type { Tokenizer } from '../tokenizer.ts';

/**
 * Writes a tokenizer in the format that the name says: `.json`, `.model`, `.vocab`, `.tiktoken`, a BERT `.txt`;
 * a name that ends in `/` is a folder for GPT-2's `vocab.json` and `merges.txt`.
 * @throws where the format cannot hold the tokenizer
 */
export function saveTokenizer(
  tokenizer: Tokenizer | SentencePiece,
  out: string,
  options: ToTokenizerJsonOptions = {},
): void {
  try {
    if (tokenizer instanceof SentencePiece) saveSentencePiece(tokenizer, out, options);
    else save(tokenizer, out);
  } catch (error) {
    throw new Error(`${out}: ${(error as Error).message}`);
  }
}

function saveSentencePiece(tokenizer: SentencePiece, out: string, options: ToTokenizerJsonOptions): void {
  if (out.endsWith('.model')) writeFileSync(out, tokenizer.toModel());
  else if (out.endsWith('.vocab')) writeFileSync(out, tokenizer.toVocab());
  else if (out.endsWith('.json'))
    writeFileSync(out, `${JSON.stringify(toTokenizerJson(tokenizer, options), null, 2)}\n`);
  else throw new Error('a SentencePiece tokenizer is written as .model, .vocab or .json');
}

function save(tokenizer: Tokenizer, out: string): void {
  if (out.endsWith('/')) {
    const { vocab, merges } = toGpt2Files(tokenizer);
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, 'vocab.json'), vocab);
    writeFileSync(join(out, 'merges.txt'), merges);
  } else if (out.endsWith('.json')) writeFileSync(out, `${JSON.stringify(tokenizer, null, 2)}\n`);
  else if (out.endsWith('.tiktoken')) writeFileSync(out, toTiktoken(tokenizer));
  else if (out.endsWith('.txt')) writeFileSync(out, toBertVocab(tokenizer));
  else if (out.endsWith('.model')) writeFileSync(out, toSentencePiece(tokenizer).toModel());
  else if (out.endsWith('.vocab')) writeFileSync(out, toSentencePiece(tokenizer).toVocab());
  else
    throw new Error(
      'must end in .json, .model, .vocab, .tiktoken, .txt (BERT) or / (a folder for vocab.json and merges.txt)',
    );
}
