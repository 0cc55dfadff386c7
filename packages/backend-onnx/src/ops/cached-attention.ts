import {
  add,
  expandDims,
  gather,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  maximum,
  minimum,
  range,
  reshape,
  scalar,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
  transpose,
  where,
} from '@tensorflow/tfjs-core';
import type { LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from '../kernels/registry.ts';
import { attention } from './attention.ts';
import { hasKernel, runKernel } from './fused.ts';
import { fillsVectors, takesHeads } from './native-heads.ts';
import { Nodes } from './nodes.ts';

/** What shifts a cached attention. */
export interface CachedAttentionOptions {
  /** Factor of the scores, default 1 / √headDim. */
  scale?: number;
}

/**
 * Attention of new tokens over a key-value cache, for decoding. Writes the new keys and values of row b at
 * `lengths[b] … lengths[b] + seq − 1`; each query sees the entries up to its own.
 *
 * The cache is consumed: on the onnx backend the new cache takes over its buffers, so neither `keys` nor `values` may
 * be read afterwards. Entries that do not fit the capacity are dropped; ONNX Runtime's operator, where it has to stand in,
 * refuses them. No gradient.
 *
 * A prefill of right-padded prompts passes lengths 0 and may write padding; decoding on with the true lengths
 * overwrites it, and until then it stays invisible.
 *
 * @param q `[batch, heads, seq, headDim]`
 * @param k `[batch, kvHeads, seq, headDim]`
 * @param v like k
 * @param keys the cache, `[batch, kvHeads, capacity, headDim]`
 * @param values like keys
 * @param lengths int32 `[batch]`: how many entries of each row are valid already
 * @returns `[out, newKeys, newValues]`, out `[batch, heads, seq, headDim]`
 */
export function cachedAttention(
  q: Tensor4D,
  k: Tensor4D,
  v: Tensor4D,
  keys: Tensor4D,
  values: Tensor4D,
  lengths: Tensor1D,
  options: CachedAttentionOptions = {},
): [Tensor4D, Tensor4D, Tensor4D] {
  const [batch, , seq, headDim] = q.shape;
  const { scale = 1 / Math.sqrt(headDim) } = options;
  if (!hasKernel('CachedAttention') || !(takesHeads(headDim) || isGroupQueryAttention(batch, seq, headDim)))
    return cachedAttentionComposition(q, k, v, keys, values, lengths, options);
  return runKernel('CachedAttention', { q, k, v, keys, values, lengths }, { scale });
}

/** ONNX Runtime's operator wants whole vectors, and takes several new tokens of several rows only for empty caches. */
function isGroupQueryAttention(batch: number, seq: number, headDim: number): boolean {
  return headDim % 8 === 0 && (batch === 1 || seq === 1);
}

/** The same in plain operations. */
export function cachedAttentionComposition(
  q: Tensor4D,
  k: Tensor4D,
  v: Tensor4D,
  keys: Tensor4D,
  values: Tensor4D,
  lengths: Tensor1D,
  { scale }: CachedAttentionOptions = {},
): [Tensor4D, Tensor4D, Tensor4D] {
  const [batch, , seq] = q.shape;
  const capacity = keys.shape[2];
  const slots = range(0, capacity, 1, 'int32');
  // Which new entry belongs into each slot: [batch, capacity].
  const entry = sub(slots, expandDims(lengths, 1));
  const newKeys = write(keys, k, entry);
  const newValues = write(values, v, entry);

  const lastVisible = add(expandDims(lengths, 1), range(0, seq, 1, 'int32'));
  const mask = lessEqual(slots, reshape(lastVisible, [batch, 1, seq, 1]));
  return [attention(q, newKeys, newValues, { mask, scale }), newKeys, newValues];
}

/** The cache with entry e of `fresh` in every slot whose `entry` is e, where there is one. */
function write(cache: Tensor4D, fresh: Tensor4D, entry: Tensor): Tensor4D {
  const [batch, heads, seq, headDim] = fresh.shape;
  const capacity = cache.shape[2];
  const rows = reshape(transpose(fresh, [0, 2, 1, 3]), [batch * seq, heads * headDim]);
  const first = expandDims(range(0, batch * seq, seq, 'int32'), 1);
  const source = add(first, minimum(maximum(entry, scalar(0, 'int32')), scalar(seq - 1, 'int32')));
  const spread = reshape(gather(rows, reshape(source, [batch * capacity]) as Tensor1D), [
    batch,
    capacity,
    heads,
    headDim,
  ]);
  const isNew = logicalAnd(greaterEqual(entry, scalar(0, 'int32')), less(entry, scalar(seq, 'int32')));
  return where(reshape(isNew, [batch, 1, capacity, 1]), transpose(spread, [0, 2, 1, 3]), cache) as Tensor4D;
}

/** Both write into the cache in place and read only its valid entries: no cost for its capacity. */
defineKernel('CachedAttention', ({ g, inputs, attrs }: LoweringContext<{ scale: number }>) => {
  const n = new Nodes(g);
  const [batch, heads, seq, headDim] = inputs.q!.shape as [number, number, number, number];
  const kvHeads = inputs.k!.shape[1]!;
  const { keys, values, lengths } = inputs as { keys: Value; values: Value; lengths: Value };
  const caches = [keys, values].map((cache) => ({
    type: 'float32' as const,
    shape: cache.shape,
    inPlaceOf: cache,
  }));
  if (g.native && fillsVectors(headDim)) {
    const { q, k, v } = inputs as { q: Value; k: Value; v: Value };
    const specs = [{ type: q.type, shape: q.shape }, ...caches];
    const operands = [q, k, v, keys, values, g.cast(lengths, 'float32')];
    return g.multi('CachedAttention', operands, specs, { scale: { f: attrs.scale } }, 'attune') as Value[];
  }
  /** `[batch, heads, seq, d]` → `[batch, seq, heads · d]`; with one token it is only another shape. */
  const flat = (x: Value) => {
    const rows = seq === 1 ? x : n.transpose(x, [0, 2, 1, 3]);
    return n.reshape(rows, [batch, seq, x.shape[1]! * headDim]);
  };
  const last = n.add(lengths, seq - 1);
  const longest = n.add(n.reshape(n.reduce('ReduceMax', last, 0), []), 1);
  const [out, newKeys, newValues] = g.multi(
    'GroupQueryAttention',
    [flat(inputs.q!), flat(inputs.k!), flat(inputs.v!), keys, values, last, longest],
    [{ type: 'float32', shape: [batch, seq, heads * headDim] }, ...caches],
    { num_heads: heads, kv_num_heads: kvHeads, scale: { f: attrs.scale } },
    'com.microsoft',
  );
  const perHead = n.reshape(out!, [batch, seq, heads, headDim]);
  const result = seq === 1 ? n.reshape(out!, [batch, heads, 1, headDim]) : n.transpose(perHead, [0, 2, 1, 3]);
  return [result, newKeys!, newValues!];
});
