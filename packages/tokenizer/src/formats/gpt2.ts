import { Tokenizer } from '../tokenizer.ts';
import type { BpeJson } from '../tokenizer-json.ts';

/**
 * Reads GPT-2's pair of files.
 * @param vocab text of `vocab.json` (`encoder.json`): token to id
 * @param merges text of `merges.txt` (`vocab.bpe`): a line `left right` for each merge, after a `#version` line
 * @throws where a file is malformed or a merge names an unknown token
 */
export function fromGpt2Files(
  vocab: string,
  merges: string,
  { specialTokens = ['<|endoftext|>'] }: { specialTokens?: readonly string[] } = {},
): Tokenizer {
  const lines = merges.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#version'));
  const tokenizer = Tokenizer.fromJSON({
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: JSON.parse(vocab) as Record<string, number>,
      merges: lines,
    },
  });
  tokenizer.addTokens(specialTokens.map((content) => ({ content, special: true })));
  return tokenizer;
}

/**
 * Writes a BPE tokenizer as GPT-2's pair of files.
 * @throws where the model is not BPE
 */
export function toGpt2Files(tokenizer: Tokenizer): { vocab: string; merges: string } {
  const model = tokenizer.model.toJSON() as BpeJson;
  if (model.type !== 'BPE') throw new Error(`toGpt2Files: the model must be BPE, found ${model.type}`);
  const lines = model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')));
  return { vocab: JSON.stringify(model.vocab), merges: `#version: 0.2\n${lines.join('\n')}\n` };
}
