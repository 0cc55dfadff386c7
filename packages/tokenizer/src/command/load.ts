import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fromBertVocab } from '../formats/bert.ts';
import { fromGpt2Files } from '../formats/gpt2.ts';
import { fromTiktoken, type TiktokenOptions } from '../formats/tiktoken.ts';
import { PATTERNS } from '../pre-tokenizers/scanners.ts';
import { PRESETS } from '../presets.ts';
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

export interface LoadOptions {
  /** The preset (with its special tokens) or pattern of rank files, which do not say it. */
  pattern?: string;
  /** Whether a BERT `vocab.txt` is of an uncased model. Default true. */
  lowercase?: boolean;
}

/** What a folder may hold a tokenizer in, the most telling first. */
const IN_FOLDERS = ['tokenizer.json', 'tokenizer.model', 'spiece.model', 'vocab.json', 'vocab.txt'];

/**
 * Reads a tokenizer by the name of its file: `.json` (`vocab.json` with the `merges.txt` beside it), `.model`,
 * `.tiktoken`, a BERT `.txt`; or of what a folder holds.
 * @throws with the name of the file, where it is none of these or is damaged
 */
export function loadTokenizer(path: string, options: LoadOptions = {}): LoadedTokenizer {
  if (!existsSync(path)) throw new Error(`${path}: no such file or folder`);
  const file = statSync(path).isDirectory() ? inFolder(path) : path;
  const name =
    basename(file) === basename(path) ? basename(path) : `${basename(resolve(path))}/${basename(file)}`;
  try {
    return { name, tokenizer: read(file, options) };
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`);
  }
}

function inFolder(folder: string): string {
  const found = IN_FOLDERS.find((name) => existsSync(join(folder, name)));
  if (found) return join(folder, found);
  throw new Error(`${folder}: must hold one of ${IN_FOLDERS.join(', ')}, found none`);
}

function read(file: string, { pattern, lowercase }: LoadOptions): Tokenizer | SentencePiece {
  if (file.endsWith('.json')) {
    const text = readFileSync(file, 'utf8');
    const merges = join(dirname(file), 'merges.txt');
    if (basename(file) === 'vocab.json' && existsSync(merges)) {
      return fromGpt2Files(text, readFileSync(merges, 'utf8'));
    }
    return Tokenizer.fromJSON(text);
  }
  if (file.endsWith('.model')) return SentencePiece.fromModel(readFileSync(file));
  if (file.endsWith('.txt')) return fromBertVocab(readFileSync(file, 'utf8'), { lowercase });
  if (file.endsWith('.tiktoken')) {
    return fromTiktoken(readFileSync(file, 'utf8'), rankOptions(pattern));
  }
  throw new Error('must end in .json, .model, .tiktoken or .txt (BERT vocabulary), or be a folder');
}

/** By the name of a preset, with its special tokens, or of a pattern, without any. */
function rankOptions(name: string | undefined): TiktokenOptions {
  if (name !== undefined && Object.hasOwn(PATTERNS, name)) return { pattern: name as keyof typeof PATTERNS };
  if (name !== undefined && Object.hasOwn(PRESETS, name)) return PRESETS[name as keyof typeof PRESETS];
  const known = [...new Set([...Object.keys(PATTERNS), ...Object.keys(PRESETS)])].join(', ');
  const found = name === undefined ? '' : `, found ${name}`;
  throw new Error(`rank files say nothing of their pattern; pass --pattern with one of ${known}${found}`);
}
