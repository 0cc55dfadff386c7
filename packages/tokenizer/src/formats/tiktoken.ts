import { Bpe } from '../models/bpe.ts';
import { packedModel } from '../models/packed-bpe.ts';
import { PATTERNS } from '../pre-tokenizers/scanners.ts';
import { base64ToBytes, bytesToBase64 } from '../text/base64.ts';
import { bytesToChars, charsToBytes } from '../text/byte-alphabet.ts';
import { Tokenizer } from '../tokenizer.ts';
import type { BpeJson } from '../tokenizer-json.ts';
import { packRanks } from './tiktoken-ranks.ts';

export interface TiktokenOptions {
  /** A preset by name, or a regular expression (Oniguruma syntax). */
  pattern: keyof typeof PATTERNS | { regex: string };
  /** Special tokens and their ids, e.g. `{ '<|endoftext|>': 50256 }`. Default none. */
  specialTokens?: Record<string, number>;
}

/**
 * Reads a tiktoken rank file: a line `base64(token) rank` for each token.
 * @throws where a line is malformed or a byte has no token
 */
export function fromTiktoken(file: string, options: TiktokenOptions): Tokenizer {
  const { pattern } = options;
  const regex = typeof pattern === 'string' ? PATTERNS[pattern] : pattern.regex;
  if (regex === undefined) {
    throw new Error(`pattern must be one of ${Object.keys(PATTERNS).join(', ')}, found ${String(pattern)}`);
  }
  return Tokenizer.fromJSON({
    truncation: null,
    padding: null,
    added_tokens: Object.entries(options.specialTokens ?? {}).map(([content, id]) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: modelOf(file),
  });
}

/** The BPE model of a rank file. */
function modelOf(file: string): BpeJson {
  const config: Omit<BpeJson, 'vocab' | 'merges'> = {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: true,
  };
  const packed = packRanks(file);
  if (packed?.bytes.byteIds()) return packedModel(config, packed);
  const ranks = readRanks(file);
  for (let byte = 0; byte < 256; byte++) {
    if (!ranks.has(bytesToChars(Uint8Array.of(byte)))) {
      throw new Error(`tiktoken file: byte ${byte} has no token; every byte needs one`);
    }
  }
  return { ...config, vocab: Object.fromEntries(ranks), merges: mergesOf(ranks) };
}

/**
 * Writes the model of a byte-level BPE tokenizer as a tiktoken rank file. Special tokens are not part of it.
 * @throws where the model is not BPE or a token is not a string of the byte alphabet
 */
export function toTiktoken(tokenizer: Tokenizer): string {
  if (!(tokenizer.model instanceof Bpe)) {
    throw new Error(`toTiktoken: the model must be byte-level BPE, found ${tokenizer.model.toJSON().type}`);
  }
  const { tokens } = tokenizer.model.vocabulary;
  const lines: string[] = [];
  tokens.forEach((token, id) => {
    if (token === undefined || tokenizer.isSpecial(id)) return;
    const bytes = charsToBytes(token);
    if (!bytes) {
      throw new Error(
        `toTiktoken: token ${JSON.stringify(token)} is not byte-level; only byte-level BPE has rank files`,
      );
    }
    lines.push(`${bytesToBase64(bytes)} ${id}\n`);
  });
  return lines.join('');
}

function readRanks(file: string): Map<string, number> {
  const ranks = new Map<string, number>();
  file.split('\n').forEach((line, number) => {
    if (line.trim() === '') return;
    const match = line.match(/^([A-Za-z0-9+/=]+) (\d+)\r?$/);
    if (!match) {
      throw new Error(
        `tiktoken file, line ${number + 1}: must be "base64 rank", found ${JSON.stringify(line.slice(0, 60))}`,
      );
    }
    let bytes: Uint8Array;
    try {
      bytes = base64ToBytes(match[1]!);
    } catch {
      throw new Error(`tiktoken file, line ${number + 1}: ${JSON.stringify(match[1])} is not base64`);
    }
    ranks.set(bytesToChars(bytes), Number(match[2]));
  });
  return ranks;
}

/**
 * The merges that a rank file implies: tiktoken joins any neighbours whose union is a token, the lowest rank
 * first, so each way of cutting a token into two tokens is a merge.
 */
function mergesOf(ranks: Map<string, number>): [string, string][] {
  const merges: [string, string][] = [];
  for (const [token] of [...ranks].sort((a, b) => a[1] - b[1])) {
    for (let cut = 1; cut < token.length; cut++) {
      const left = token.slice(0, cut);
      const right = token.slice(cut);
      if (ranks.has(left) && ranks.has(right)) merges.push([left, right]);
    }
  }
  return merges;
}
