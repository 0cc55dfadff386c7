import type { ChatTemplateOptions } from '../chat-template.ts';
import { LLAMA_2, LLAMA_3, LLAMA_3_1, VICUNA } from './llama.ts';
import { CHATML, DEEPSEEK_R1, GEMMA, MISTRAL } from './others.ts';
import { QWEN_2_5, QWEN_3 } from './qwen.ts';

const chatml = { eosToken: '<|im_end|>', requiredTokens: ['<|im_start|>', '<|im_end|>'] };
const sentencepiece = { bosToken: '<s>', eosToken: '</s>', requiredTokens: ['<s>', '</s>'] };
const llama3 = {
  bosToken: '<|begin_of_text|>',
  eosToken: '<|eot_id|>',
  requiredTokens: ['<|begin_of_text|>', '<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>'],
};

/** Templates that are built in: their Jinja text and the tokens they are made for. */
export const TEMPLATES = {
  chatml: { source: CHATML, ...chatml },
  'qwen2.5': { source: QWEN_2_5, ...chatml },
  qwen3: { source: QWEN_3, ...chatml },
  'llama-2': { source: LLAMA_2, ...sentencepiece },
  'llama-3': { source: LLAMA_3, ...llama3 },
  'llama-3.1': { source: LLAMA_3_1, ...llama3 },
  vicuna: { source: VICUNA, ...sentencepiece },
  mistral: { source: MISTRAL, ...sentencepiece, requiredTokens: ['<s>', '</s>', '[INST]', '[/INST]'] },
  gemma: {
    source: GEMMA,
    bosToken: '<bos>',
    eosToken: '<end_of_turn>',
    requiredTokens: ['<bos>', '<start_of_turn>', '<end_of_turn>'],
  },
  'deepseek-r1': {
    source: DEEPSEEK_R1,
    bosToken: '<｜begin▁of▁sentence｜>',
    eosToken: '<｜end▁of▁sentence｜>',
    requiredTokens: ['<｜begin▁of▁sentence｜>', '<｜end▁of▁sentence｜>', '<｜User｜>', '<｜Assistant｜>'],
  },
} as const satisfies Record<string, ChatTemplateOptions & { source: string }>;

/** Name of a built-in template. */
export type TemplateName = keyof typeof TEMPLATES;
