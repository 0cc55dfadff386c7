/**
 * Attention as ONNX nodes: tiles of queries against the keys that they can see, so that what a causal mask hides is
 * mostly never computed, and the scores of a long sequence never exist all at once.
 *
 * The backward pass (Dao et al. 2022, "FlashAttention", section B.4): with P = softmax(S), dP = dO vᵀ and
 * D = Σ (dO ⊙ O) over a row, dS = P ⊙ (dP − D), dq = scale · dS k, dk = scale · dSᵀ q and dv = Pᵀ dO.
 * Short sequences keep P; long ones compute it again.
 */
import type { GraphBuilder, Value } from '../graph/types.ts';
import { additiveMask, visibleRows } from './attention-mask.ts';
import { afterGradientNode } from './barrier.ts';
import { Nodes } from './nodes.ts';

/** What the kernel is told besides its inputs. */
export interface AttentionAttributes {
  causal: boolean;
  scale: number;
  /** A mask stands between v and the bias in the list of inputs. */
  masked: boolean;
}

/** `[batch, heads, seq, headDim]`, keys and values with kvHeads; mask (bool) and bias broadcast to the scores. */
export interface AttentionInputs {
  q: Value;
  k: Value;
  v: Value;
  mask: Value | undefined;
  bias: Value | undefined;
}

/** Queries `begin` to `end`, which see at most the first `keys` keys. */
export interface Tile {
  begin: number;
  end: number;
  keys: number;
}

/** Budgets in bytes. */
export const budget = {
  /** The probabilities of a whole attention up to this size are kept for the backward pass. */
  kept: 32 * 2 ** 20,
  /** The scores of a tile, where they have to be cut at all. */
  tile: 32 * 2 ** 20,
};
/** The probabilities of each tile, by the attention's output. */
const keptProbabilities = new WeakMap<Value, Value[]>();

export function attentionForward(
  g: GraphBuilder,
  inputs: AttentionInputs,
  attrs: AttentionAttributes,
): Value {
  const n = new Nodes(g);
  const { q, v } = inputs;
  const kept: Value[] = [];
  const parts = tilesOf(inputs, attrs).map((tile) => {
    const p = probabilities(n, inputs, attrs, tile, queries(n, q, tile));
    kept.push(p);
    const out = n.matMul(joinGroups(n, p, inputs), n.slice(v, 2, 0, tile.keys));
    return visible(n, splitGroups(n, out, inputs), inputs, attrs, tile);
  });
  const out = n.concat(parts, 2);
  if (scoreBytes(inputs) <= budget.kept) keptProbabilities.set(out, kept);
  return out;
}

/** The gradients of q, k, v and, if there is one, the bias. */
export function attentionBackward(
  g: GraphBuilder,
  inputs: AttentionInputs,
  attrs: AttentionAttributes,
  out: Value,
  dy: Value,
): Value[] {
  const n = new Nodes(g);
  const { q, k, v, bias } = inputs;
  const { scale } = attrs;
  const rowSums = n.reduce('ReduceSum', n.mul(out, dy), -1);
  const kept = keptProbabilities.get(out);
  const dq: Value[] = [];
  const dBias: Value[] = [];
  let dk: Value | undefined;
  let dv: Value | undefined;
  tilesOf(inputs, attrs).forEach((tile, i) => {
    const tileQ = queries(n, q, tile);
    const p = kept?.[i] ?? probabilities(n, inputs, attrs, tile, afterGradientNode(n, tileQ, dy));
    const dOut = visible(n, queries(n, dy, tile), inputs, attrs, tile);
    const joinedOut = joinGroups(n, dOut, inputs);
    const joinedP = joinGroups(n, p, inputs);
    const dP = splitGroups(n, n.matMul(joinedOut, n.slice(v, 2, 0, tile.keys), { transposeB: true }), inputs);
    const dS = n.mul(n.sub(dP, queries(n, rowSums, tile)), p);
    const joinedS = joinGroups(n, dS, inputs);

    dq.push(splitGroups(n, n.matMul(joinedS, n.slice(k, 2, 0, tile.keys), { alpha: scale }), inputs));
    const tileK = n.matMul(joinedS, joinGroups(n, tileQ, inputs), { transposeA: true, alpha: scale });
    dk = accumulate(n, dk, tileK, 2);
    dv = accumulate(n, dv, n.matMul(joinedP, joinedOut, { transposeA: true }), 2);
    if (bias) dBias.push(dS);
  });
  const gradients = [n.concat(dq, 2), padTo(n, dk!, 2, k.shape[2]!), padTo(n, dv!, 2, v.shape[2]!)];
  return bias ? [...gradients, biasGradient(n, dBias, bias, k.shape[2]!)] : gradients;
}

/** Softmax of a tile's scores, `[batch, heads, queries, keys]`. */
function probabilities(
  n: Nodes,
  inputs: AttentionInputs,
  attrs: AttentionAttributes,
  tile: Tile,
  tileQ: Value,
): Value {
  const keys = n.slice(inputs.k, 2, 0, tile.keys);
  const product = n.matMul(joinGroups(n, tileQ, inputs), keys, { transposeB: true, alpha: attrs.scale });
  let scores = splitGroups(n, product, inputs);
  if (inputs.bias) scores = n.add(scores, part(n, inputs.bias, tile));
  const mask = additiveMask(n, inputs, attrs, tile);
  return n.softmax(mask ? n.add(scores, mask) : scores);
}

/** `x` with zeros in the rows of queries that may attend to nothing. */
function visible(n: Nodes, x: Value, inputs: AttentionInputs, attrs: AttentionAttributes, tile: Tile): Value {
  const rows = visibleRows(n, inputs, attrs, tile);
  return rows ? n.mul(x, rows) : x;
}

function tilesOf({ q, k }: AttentionInputs, { causal }: AttentionAttributes): Tile[] {
  const [batch, heads, seqQ] = q.shape as [number, number, number, number];
  const seqK = k.shape[2]!;
  const rowBytes = 4 * batch * heads * seqK;
  const fitting = Math.max(16, Math.floor(budget.tile / rowBytes));
  const wanted = causal ? causalTile(seqQ) : seqQ;
  // What is small enough to be kept is only cut for the causal mask's sake.
  const size = rowBytes * seqQ <= budget.kept ? wanted : Math.min(wanted, fitting);
  const tiles: Tile[] = [];
  for (let begin = 0; begin < seqQ; begin += size) {
    const end = Math.min(begin + size, seqQ);
    tiles.push({ begin, end, keys: causal ? Math.max(1, Math.min(seqK, end + seqK - seqQ)) : seqK });
  }
  return tiles;
}

/** Few enough queries to skip a good part of the hidden scores, yet no products so small that they get slow. */
function causalTile(seqQ: number): number {
  return seqQ <= 512 ? Math.max(64, Math.ceil(seqQ / 4)) : Math.max(128, Math.ceil(seqQ / 8));
}

const scoreBytes = ({ q, k }: AttentionInputs) => 4 * q.shape[0]! * q.shape[1]! * q.shape[2]! * k.shape[2]!;

/** The rows of a tile's queries. */
const queries = (n: Nodes, x: Value, tile: Tile) => n.slice(x, 2, tile.begin, tile.end);

/** The part of a mask or bias that belongs to a tile; axes of 1 stay. */
export function part(n: Nodes, x: Value, { begin, end, keys }: Tile): Value {
  const rows = x.shape[2] === 1 ? x : n.slice(x, 2, begin, end);
  return x.shape[3] === 1 ? rows : n.slice(rows, 3, 0, keys);
}

/** `[batch, heads, rows, d]` → `[batch, kvHeads, group · rows, d]`: the queries of a group stand below each other. */
function joinGroups(n: Nodes, x: Value, { k }: AttentionInputs): Value {
  const [batch, heads, rows, d] = x.shape as [number, number, number, number];
  const kvHeads = k.shape[1]!;
  return n.reshape(x, [batch, kvHeads, (heads / kvHeads) * rows, d]);
}

function splitGroups(n: Nodes, x: Value, { q }: AttentionInputs): Value {
  const [batch, kvHeads, rows, d] = x.shape as [number, number, number, number];
  const heads = q.shape[1]!;
  return n.reshape(x, [batch, heads, (rows * kvHeads) / heads, d]);
}

/** The sum of two values, the first of which may be shorter along an axis, or missing. */
function accumulate(n: Nodes, total: Value | undefined, x: Value, axis: number): Value {
  return total ? n.add(padTo(n, total, axis, x.shape[axis]!), x) : x;
}

/** `x` with zeros after its end along an axis. */
function padTo(n: Nodes, x: Value, axis: number, size: number): Value {
  if (x.shape[axis] === size) return x;
  const pads = [...x.shape.map(() => 0), ...x.shape.map((extent, i) => (i === axis ? size - extent : 0))];
  const shape = x.shape.map((extent, i) => (i === axis ? size : extent));
  return n.g.op('Pad', [x, n.g.constant(pads, 'int64')], x.type, shape);
}

/** The tiles' score gradients, summed over the axes along which the bias was broadcast. */
function biasGradient(n: Nodes, dScores: readonly Value[], bias: Value, seqK: number): Value {
  const parts = dScores.map((dS) => {
    let x = dS;
    for (const axis of [0, 1, 2, 3]) if (bias.shape[axis] === 1) x = n.reduce('ReduceSum', x, axis);
    return bias.shape[3] === 1 ? x : padTo(n, x, 3, seqK);
  });
  return bias.shape[2] === 1 ? parts.reduce(n.add) : n.concat(parts, 2);
}
