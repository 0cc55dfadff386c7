import { jit } from '@attune/backend-onnx';
import type { CausalLM } from '@attune/models';
import { dispose, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { powerOfTwo } from './buckets.ts';

/** Tokens to score. */
export interface ScoredSequence {
  ids: readonly number[];
  /** Index of the first token to score, at least 1: the one before is the first that the model sees. */
  from: number;
}

/** How sequences are scored. */
export interface ScoreOptions {
  /** Padded tokens per forward pass: speed and memory, never results. Default 8192. */
  batchTokens?: number;
}

const IGNORED = -100;
const SHORTEST = 16;

/**
 * Log-probability of each token from `from` on, given all before it.
 *
 * @returns one array per sequence, `[ids.length − from]`
 * @throws Error when a sequence exceeds the model's context or has nothing to score
 */
export async function scoreSequences(
  model: CausalLM,
  sequences: readonly ScoredSequence[],
  { batchTokens = 8192 }: ScoreOptions = {},
): Promise<Float32Array[]> {
  const context = model.config.max_position_embeddings;
  for (const [i, { ids, from }] of sequences.entries()) {
    if (!(from >= 1 && from < ids.length)) {
      throw new Error(
        `sequence ${i}: from must be at least 1 and below its ${ids.length} tokens, found ${from}`,
      );
    }
    if (ids.length - 1 > context) {
      throw new Error(`sequence ${i} has ${ids.length} tokens, but the model's context holds ${context}`);
    }
  }
  const scores = new Array<Float32Array>(sequences.length);
  // Sequences of like length pad each other least.
  const order = [...sequences.keys()].sort((a, b) => sequences[a]!.ids.length - sequences[b]!.ids.length);
  for (let start = 0; start < order.length; ) {
    const { length } = sequences[order[start]!]!.ids;
    const rows = Math.max(1, Math.floor(batchTokens / powerOfTwo(Math.max(SHORTEST, length - 1))));
    const batch = order.slice(start, start + rows);
    const found = await scoreBatch(
      model,
      batch.map((i) => sequences[i]!),
    );
    for (const [row, i] of batch.entries()) scores[i] = found[row]!;
    start += rows;
  }
  return scores;
}

async function scoreBatch(model: CausalLM, sequences: readonly ScoredSequence[]): Promise<Float32Array[]> {
  const batch = powerOfTwo(sequences.length);
  const seq = Math.max(SHORTEST, powerOfTwo(Math.max(...sequences.map(({ ids }) => ids.length - 1))));
  const inputs = new Int32Array(batch * seq);
  const labels = new Int32Array(batch * seq).fill(IGNORED);
  for (const [row, { ids, from }] of sequences.entries()) {
    inputs.set(ids.slice(0, -1), row * seq);
    labels.set(ids.slice(from), row * seq + from - 1);
  }
  const inputIds = tensor2d(inputs, [batch, seq], 'int32');
  const labelIds = tensor2d(labels, [batch, seq], 'int32');
  const logProbs = await compiledScore(model).runAsync(inputIds, labelIds);
  const values = (await logProbs.data()) as Float32Array;
  dispose([inputIds, labelIds, logProbs]);
  return sequences.map(({ ids, from }, row) =>
    values.slice(row * seq + from - 1, row * seq + ids.length - 1),
  );
}

function compileScore(model: CausalLM) {
  return jit((inputIds: Tensor2D, labels: Tensor2D): Tensor2D => model.logProbs({ inputIds }, labels), {
    name: 'score',
  });
}

const compiled = new WeakMap<CausalLM, { lora: CausalLM['lora']; score: ReturnType<typeof compileScore> }>();

/** Compiled once for a model, and anew when LoRA comes or goes. */
function compiledScore(model: CausalLM) {
  const known = compiled.get(model);
  if (known && known.lora === model.lora) return known.score;
  known?.score.dispose();
  const score = compileScore(model);
  compiled.set(model, { lora: model.lora, score });
  return score;
}
