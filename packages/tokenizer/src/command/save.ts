import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BERT_SPECIAL, toBertVocab } from '../formats/bert.ts';
import { toGpt2Files } from '../formats/gpt2.ts';
import { toTiktoken } from '../formats/tiktoken.ts';
import { toSentencePiece } from '../sentencepiece/from-tokenizer-json.ts';
import { SentencePiece } from '../sentencepiece/sentencepiece.ts';
import { type ToTokenizerJsonOptions, toTokenizerJson } from '../sentencepiece/to-tokenizer-json.ts';
import type { Tokenizer } from '../tokenizer.ts';

/** The endings that say a format; `/` is a folder for GPT-2's files. */
export const ENDINGS = ['.json', '.model', '.vocab', '.tiktoken', '.txt', '/'] as const;
/** One of them. */
export type Ending = (typeof ENDINGS)[number];

/**
 * The format that a name says, where it can be written: asked before work begins that would be lost otherwise.
 * @param allowed the formats that can hold what is to be written
 * @throws with the name, where its ending says no such format or there is no folder for it
 */
export function outputFormat(out: string, allowed: readonly Ending[] = ENDINGS): Ending {
  const isFolder = existsSync(out) && statSync(out).isDirectory();
  const ending = isFolder ? '/' : ENDINGS.find((each) => out.endsWith(each));
  if (!ending || !allowed.includes(ending)) {
    const list = allowed.map(
      (each) =>
        ({ '.txt': '.txt (BERT)', '/': '/ (a folder for vocab.json and merges.txt)' })[each as string] ??
        each,
    );
    throw new Error(`${out}: must end in ${list.join(', ')}`);
  }
  if (ending !== '/') requireFolder(out);
  return ending;
}

/** @throws where there is no folder for a file */
export function requireFolder(file: string): void {
  const folder = dirname(file);
  if (existsSync(folder) && statSync(folder).isDirectory()) return;
  throw new Error(`${file}: there is no folder ${folder}; make it first`);
}

/**
 * Writes a tokenizer in the format that the name says: `.json`, `.model`, `.vocab`, `.tiktoken`, a BERT `.txt`;
 * a folder, or a name that ends in `/`, gets GPT-2's `vocab.json` and `merges.txt`.
 * @throws where the format cannot hold the tokenizer
 */
export function saveTokenizer(
  tokenizer: Tokenizer | SentencePiece,
  out: string,
  options: ToTokenizerJsonOptions = {},
): void {
  const isSentencePiece = tokenizer instanceof SentencePiece;
  const ending = outputFormat(out, isSentencePiece ? ['.model', '.vocab', '.json'] : ENDINGS);
  try {
    if (isSentencePiece) saveSentencePiece(tokenizer, out, ending, options);
    else save(tokenizer, out, ending);
  } catch (error) {
    throw new Error(`${out}: ${(error as Error).message}`);
  }
}

/**
 * What a tokenizer has and the format does not hold, in words: files of these formats leave it to their readers.
 * @param out as in `saveTokenizer`
 */
export function leftOut(tokenizer: Tokenizer | SentencePiece, out: string): string[] {
  const ending = outputFormat(out);
  if (tokenizer instanceof SentencePiece || !['/', '.tiktoken', '.txt'].includes(ending)) return [];
  const { pre_tokenizer: preTokenizer, post_processor: postProcessor } = tokenizer.toJSON();
  const isUsual = ending === '.txt' ? (token: string) => BERT_SPECIAL.includes(token) : () => false;
  const special = Object.keys(tokenizer.specialTokens).filter((token) => !isUsual(token));
  const notes: string[] = [];
  if (special.length > 0)
    notes.push(`that ${special.join(' ')} ${special.length > 1 ? 'are' : 'is'} special`);
  const isGpt2 = preTokenizer?.type === 'ByteLevel' && preTokenizer.use_regex !== false;
  if (ending === '/' && !isGpt2)
    notes.push('how texts are cut into words; readers of such files cut as GPT-2 does');
  if (ending === '.tiktoken')
    notes.push('how texts are cut into words; pass its pattern when reading (--pattern)');
  if (ending !== '.txt' && postProcessor && postProcessor.type !== 'ByteLevel')
    notes.push('the post-processor');
  return notes;
}

const fileOf = (json: object) => `${JSON.stringify(json, null, 2)}\n`;

function saveSentencePiece(
  tokenizer: SentencePiece,
  out: string,
  ending: Ending,
  options: ToTokenizerJsonOptions,
): void {
  if (ending === '.json') writeFileSync(out, fileOf(toTokenizerJson(tokenizer, options)));
  else writeFileSync(out, ending === '.model' ? tokenizer.toModel() : tokenizer.toVocab());
}

function save(tokenizer: Tokenizer, out: string, ending: Ending): void {
  if (ending === '/') {
    const { vocab, merges } = toGpt2Files(tokenizer);
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, 'vocab.json'), vocab);
    writeFileSync(join(out, 'merges.txt'), merges);
  } else if (ending === '.json') writeFileSync(out, fileOf(tokenizer));
  else if (ending === '.tiktoken') writeFileSync(out, toTiktoken(tokenizer));
  else if (ending === '.txt') writeFileSync(out, toBertVocab(tokenizer));
  else saveSentencePiece(toSentencePiece(tokenizer), out, ending, {});
}
