import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CausalLM } from '@attune/models';
import { Tokenizer } from '@attune/tokenizer';
import { type PromptEncoder, promptEncoder } from './prompt-encoder.ts';
import type { SamplingOptions } from './sampling-options.ts';
import type { TextDecoder } from './stream-decoder.ts';

/** A model folder, ready to answer. */
export interface Pretrained {
  model: CausalLM;
  tokenizer: Tokenizer;
  /** Chat template and its way into tokens. */
  prompts: PromptEncoder;
  /** Ids that end an answer, from generation_config.json or config.json. */
  stopIds: number[];
  /** How the model's authors sample, from generation_config.json; empty where it says nothing. */
  sampling: SamplingOptions;
  /** Turns generated ids into text: special tokens, and ids that only pad the model's vocabulary, read as nothing. */
  text: TextDecoder;
}

/**
 * Reads a Hugging Face folder: config.json, weights, tokenizer.json and, if there, generation_config.json.
 *
 * @throws Error, one line naming the file, when something is missing or damaged
 */
export function loadPretrained(dir: string): Pretrained {
  if (!existsSync(dir)) throw new Error(`${dir}: no such model folder`);
  const tokenizer = readTokenizer(dir);
  const model = CausalLM.load(dir);
  const generation = readJson(join(dir, 'generation_config.json'));
  const prompts = promptEncoder(dir, tokenizer);
  const eos = generation.eos_token_id ?? model.config.extra.eos_token_id;
  const stopIds = [eos, prompts.endOfTurn].flat().filter((id) => typeof id === 'number');
  return {
    model,
    tokenizer,
    prompts,
    stopIds: [...new Set(stopIds)],
    sampling: samplingOf(generation),
    text: generatedText(tokenizer),
  };
}

/** A decoder for what a model generates: leaves out special tokens and ids that the tokenizer does not know. */
export function generatedText(tokenizer: Tokenizer): TextDecoder {
  return {
    decode(ids) {
      const known = ids.filter((id) => tokenizer.idToToken(id) !== undefined);
      return tokenizer.decode(known, { skipSpecialTokens: true });
    },
  };
}

function readTokenizer(dir: string): Tokenizer {
  const path = join(dir, 'tokenizer.json');
  if (!existsSync(path)) throw new Error(`${path}: not found; a model folder needs its tokenizer`);
  try {
    return Tokenizer.fromJSON(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
}

function readJson(path: string): Record<string, unknown> {
  if (!existsSync(path)) return {};
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new Error(`${path}: is not JSON (${(error as Error).message})`);
  }
}

function samplingOf(generation: Record<string, unknown>): SamplingOptions {
  if (generation.do_sample === false) return { temperature: 0 };
  const names = {
    temperature: 'temperature',
    top_k: 'topK',
    top_p: 'topP',
    min_p: 'minP',
    repetition_penalty: 'repetitionPenalty',
  } as const;
  const sampling: SamplingOptions = {};
  for (const [key, name] of Object.entries(names)) {
    const value = generation[key];
    if (typeof value === 'number') sampling[name as 'topK'] = value;
  }
  return sampling;
}
