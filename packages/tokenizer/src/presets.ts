import type { TiktokenOptions } from './formats/tiktoken.ts';

/** Names given to consecutive ids from `first`. */
const numbered = (first: number, names: readonly string[]): Record<string, number> =>
  Object.fromEntries(names.map((name, i) => [name, first + i]));

const reserved = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `<|reserved_special_token_${from + i}|>`);

const FILL_IN_THE_MIDDLE = ['<|fim_prefix|>', '<|fim_middle|>', '<|fim_suffix|>'];
const END = '<|endoftext|>';

/**
 * How well-known rank files are used: `fromTiktoken(file, PRESETS.cl100k_base)`. The files themselves come from
 * their publishers. Sources: `tiktoken_ext/openai_public.py` of tiktoken, `tokenizer.py` of Llama 3, the
 * `tokenizer.json` of Qwen2.
 */
export const PRESETS = {
  gpt2: { pattern: 'gpt2', specialTokens: { [END]: 50256 } },
  r50k_base: { pattern: 'gpt2', specialTokens: { [END]: 50256 } },
  p50k_base: { pattern: 'gpt2', specialTokens: { [END]: 50256 } },
  p50k_edit: { pattern: 'gpt2', specialTokens: { [END]: 50256, ...numbered(50281, FILL_IN_THE_MIDDLE) } },
  cl100k_base: {
    pattern: 'cl100k',
    specialTokens: { ...numbered(100257, [END, ...FILL_IN_THE_MIDDLE]), '<|endofprompt|>': 100276 },
  },
  o200k_base: { pattern: 'o200k', specialTokens: { [END]: 199999, '<|endofprompt|>': 200018 } },
  llama3: {
    pattern: 'llama3',
    specialTokens: numbered(128_000, [
      '<|begin_of_text|>',
      '<|end_of_text|>',
      ...reserved(0, 4),
      '<|start_header_id|>',
      '<|end_header_id|>',
      ...reserved(4, 5),
      '<|eot_id|>',
      ...reserved(5, 251),
    ]),
  },
  qwen2: { pattern: 'qwen2', specialTokens: numbered(151_643, [END, '<|im_start|>', '<|im_end|>']) },
} as const satisfies Record<string, TiktokenOptions>;
