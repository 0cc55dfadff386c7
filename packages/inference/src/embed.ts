import { jit } from '@attune/backend-onnx';
import type { CausalLM, Pooling } from '@attune/models';
import { dispose, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { powerOfTwo } from './buckets.ts';

/** How sequences are embedded. */
export interface EmbedOptions {
  /** How one vector is made of a sequence's hidden states, as the model was trained. Default `'mean'`. */
  pooling?: Pooling;
  /** Padded tokens per forward pass: speed and memory, never results. Default 8192. */
  batchTokens?: number;
}

const SHORTEST = 16;

/**
 * The embedding of each sequence, `[d]`, scaled to length 1: their dot product is the cosine similarity.
 *
 * @param sequences token ids, at least one each
 * @throws Error when a sequence is empty or exceeds the model's context
 */
export async function embedSequences(
  model: CausalLM,
  sequences: readonly ArrayLike<number>[],
  { pooling = 'mean', batchTokens = 8192 }: EmbedOptions = {},
): Promise<Float32Array[]> {
  const context = model.config.max_position_embeddings;
  for (const [i, { length }] of sequences.entries()) {
    if (length === 0) throw new Error(`sequence ${i} is empty: there is nothing to embed`);
    if (length > context)
      throw new Error(`sequence ${i} has ${length} tokens, but the model's context holds ${context}`);
  }
  const embeddings = new Array<Float32Array>(sequences.length);
  // Sequences of like length pad each other least.
  const order = [...sequences.keys()].sort((a, b) => sequences[a]!.length - sequences[b]!.length);
  for (let start = 0; start < order.length; ) {
    const seq = Math.max(SHORTEST, powerOfTwo(sequences[order[start]!]!.length));
    const batch = order.slice(start, start + Math.max(1, Math.floor(batchTokens / seq)));
    const found = await embedBatch(
      model,
      batch.map((i) => sequences[i]!),
      pooling,
    );
    for (const [row, i] of batch.entries()) embeddings[i] = found[row]!;
    start += batch.length;
  }
  return embeddings;
}

async function embedBatch(
  model: CausalLM,
  sequences: readonly ArrayLike<number>[],
  pooling: Pooling,
): Promise<Float32Array[]> {
  const batch = powerOfTwo(sequences.length);
  const seq = Math.max(SHORTEST, powerOfTwo(Math.max(...sequences.map(({ length }) => length))));
  const ids = new Int32Array(batch * seq);
  const mask = new Float32Array(batch * seq);
  for (const [row, own] of sequences.entries()) {
    ids.set(own, row * seq);
    mask.fill(1, row * seq, row * seq + own.length);
  }
  const inputIds = tensor2d(ids, [batch, seq], 'int32');
  const masks = tensor2d(mask, [batch, seq]);
  const pooled = await compiledEmbed(model, pooling).runAsync(inputIds, masks);
  const values = (await pooled.data()) as Float32Array;
  dispose([inputIds, masks, pooled]);
  const width = values.length / batch;
  return sequences.map((_, row) => unit(values.slice(row * width, (row + 1) * width)));
}

/** Scaled to length 1. */
function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length > 0 ? vector.map((value) => value / length) : vector;
}

function compileEmbed(model: CausalLM, pooling: Pooling) {
  return jit((inputIds: Tensor2D, mask: Tensor2D): Tensor2D => model.embed({ inputIds }, mask, pooling), {
    name: 'embed',
  });
}

interface Compiled {
  lora: CausalLM['lora'];
  pooling: Pooling;
  embed: ReturnType<typeof compileEmbed>;
}
const compiled = new WeakMap<CausalLM, Compiled>();

/** Compiled once for a model, and anew when LoRA comes or goes, or another pooling is asked for. */
function compiledEmbed(model: CausalLM, pooling: Pooling) {
  const known = compiled.get(model);
  if (known && known.lora === model.lora && known.pooling === pooling) return known.embed;
  known?.embed.dispose();
  const embed = compileEmbed(model, pooling);
  compiled.set(model, { lora: model.lora, pooling, embed });
  return embed;
}
