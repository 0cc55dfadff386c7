import type { Tokenizer } from '../tokenizer.ts';
import { fromTiktoken } from './tiktoken.ts';

/** An encoder as the npm package `tiktoken` ships it (`tiktoken/encoders/cl100k_base.json`). */
export interface TiktokenEncoder {
  /** Lines `name first-rank token token ...`, tokens in base64. */
  bpe_ranks: string;
  pat_str: string;
  special_tokens: Record<string, number>;
}

/**
 * A tokenizer from an encoder of the npm package `tiktoken`.
 * @throws where the encoder is malformed
 */
export function fromTiktokenPackage(encoder: TiktokenEncoder): Tokenizer {
  const { bpe_ranks, pat_str, special_tokens } = encoder;
  if (typeof bpe_ranks !== 'string' || typeof pat_str !== 'string') {
    throw new Error(
      'tiktoken encoder: must have bpe_ranks and pat_str; is this a file of tiktoken/encoders?',
    );
  }
  const lines = bpe_ranks.split('\n').flatMap((line, number) => {
    if (line === '') return [];
    const [, first, ...tokens] = line.split(' ');
    if (!/^\d+$/.test(first ?? '')) {
      throw new Error(
        `tiktoken encoder: line ${number + 1} of bpe_ranks must be "! rank token ...", found ${JSON.stringify(line.slice(0, 40))}`,
      );
    }
    return tokens.map((token, i) => `${token} ${Number(first) + i}\n`);
  });
  return fromTiktoken(lines.join(''), { pattern: { regex: pat_str }, specialTokens: special_tokens });
}
