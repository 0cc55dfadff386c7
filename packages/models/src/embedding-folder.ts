import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from './checkpoint-folder.ts';
import type { Pooling } from './embedding.ts';
import { writeJsonAtomic } from './safetensors/atomic-write.ts';

const POOLING_FOLDER = '1_Pooling';
const MODULES = [
  ['', 'Transformer'],
  [POOLING_FOLDER, 'Pooling'],
  ['2_Normalize', 'Normalize'],
] as const;

/** What a folder says about its embeddings. */
export interface EmbeddingConfig {
  pooling: Pooling;
  /** Longest text in tokens; longer ones are cut. */
  maxLength: number;
}

/**
 * Writes beside a model what `sentence-transformers` reads: that a text's embedding is its pooled hidden states, scaled
 * to length 1.
 */
export function saveEmbeddingConfig(
  dir: string,
  { pooling, maxLength }: EmbeddingConfig,
  width: number,
): void {
  const modules = MODULES.map(([path, type], idx) => ({
    idx,
    name: String(idx),
    path,
    type: `sentence_transformers.models.${type}`,
  }));
  for (const [path] of MODULES) makeFolder(join(dir, path));
  writeJsonAtomic(join(dir, 'modules.json'), modules);
  writeJsonAtomic(join(dir, 'sentence_bert_config.json'), {
    max_seq_length: maxLength,
    do_lower_case: false,
  });
  writeJsonAtomic(join(dir, POOLING_FOLDER, 'config.json'), {
    word_embedding_dimension: width,
    pooling_mode_cls_token: false,
    pooling_mode_mean_tokens: pooling === 'mean',
    pooling_mode_max_tokens: false,
    pooling_mode_mean_sqrt_len_tokens: false,
    pooling_mode_lasttoken: pooling === 'last',
  });
}

/**
 * Reads what `saveEmbeddingConfig` or `sentence-transformers` wrote; undefined where the folder is no embedding model.
 * @throws naming the file when it pools in another way than `mean` or `last`
 */
export function readEmbeddingConfig(dir: string): EmbeddingConfig | undefined {
  const path = join(dir, POOLING_FOLDER, 'config.json');
  if (!existsSync(path)) return undefined;
  const { pooling_mode: word, ...json } = readJson(path);
  const flags = Object.keys(json).filter((key) => key.startsWith(FLAG) && json[key] === true);
  const on = word === undefined ? flags.map((flag) => flag.slice(FLAG.length)) : [word].flat().map(String);
  const found = on.length === 1 ? POOLING_OF[on[0]!] : undefined;
  if (!found)
    throw new Error(
      `${path}: the pooling must be one of ${Object.keys(POOLING_OF).join(', ')}, found ${on.join(', ') || 'none'}`,
    );
  return { pooling: found, maxLength: maxLengthOf(dir) ?? Number.POSITIVE_INFINITY };
}

/** Of a flag for each way to pool; since version 5 of `sentence-transformers` one word says which. */
const FLAG = 'pooling_mode_';
const POOLING_OF: Record<string, Pooling> = { mean_tokens: 'mean', mean: 'mean', lasttoken: 'last' };

/** Where versions of `sentence-transformers` write the longest text. */
const LENGTHS = [
  ['sentence_bert_config.json', 'max_seq_length'],
  ['tokenizer_config.json', 'model_max_length'],
] as const;

function maxLengthOf(dir: string): number | undefined {
  const found = LENGTHS.map(([file, key]) => {
    const path = join(dir, file);
    return existsSync(path) ? readJson(path)[key] : undefined;
  });
  return found.find((length) => typeof length === 'number');
}

function readJson(path: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new Error(`${path}: is not JSON (${(error as Error).message})`);
  }
}
