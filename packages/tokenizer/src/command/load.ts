import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fromBertVocab } from '../formats/bert.ts';
import { fromTiktoken } from '../formats/tiktoken.ts';
import type { PATTERNS } from '../pre-tokenizers/scanners.ts';
import { SentencePiece } from '../sentencepiece/sentencepiece.ts';
import { Tokenizer } from '../tokenizer.ts';

/** What every kind of tokenizer can do. */
export interface AnyTokenizer {
  readonly vocabSize: number;
  encodeIds(text: string): number[];
  encode(text: string): { ids: number[]; tokens: string[]; offsets: [number, number][] };
  decode(ids: Iterable<number>): string;
  idToToken(id: number): string | undefined;
  isSpecial(id: number): boolean;
}

/** A tokenizer and the file it came from. */
export interface LoadedTokenizer {
  name: string;
  tokenizer: Tokenizer | SentencePiece;
}

/**
 * Reads a tokenizer by the name of its file: `.json`, `.model`, `.tiktoken`, or a BERT `.txt`.
 * @throws where the name is none of these
 */
export function loadTokenizer(file: string, pattern?: string): LoadedTokenizer {
  const name = basename(file);
  if (file.endsWith('.json')) return { name, tokenizer: Tokenizer.fromJSON(readFileSync(file, 'utf8')) };
  if (file.endsWith('.model')) return { name, tokenizer: SentencePiece.fromModel(readFileSync(file)) };
  if (file.endsWith('.txt')) return { name, tokenizer: fromBertVocab(readFileSync(file, 'utf8')) };
  if (file.endsWith('.tiktoken')) {
    if (!pattern)
      throw new Error(
        `${name}: rank files say nothing of their pattern; pass --pattern gpt2|cl100k|o200k|llama3|qwen2`,
      );
    const ranks = readFileSync(file, 'utf8');
    return { name, tokenizer: fromTiktoken(ranks, { pattern: pattern as keyof typeof PATTERNS }) };
  }
  throw new Error(`${name}: must end in .json, .model, .tiktoken or .txt (BERT vocabulary)`);
}
