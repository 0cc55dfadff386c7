/** Masks of attention as ONNX nodes: numbers to add to the scores of a tile. */
import type { GraphBuilder, Value } from '../graph/types.ts';
import { type AttentionAttributes, type AttentionInputs, part, type Tile } from './attention-tiles.ts';
import type { Nodes } from './nodes.ts';

/** Far below every score, yet finite, so that a row without any key left stays a number. */
const MASKED = -1e30;

/** Causal masks of a sequence that together take at most this many bytes are made once for all layers. */
const SHARED_BYTES = 8 * 2 ** 20;

const sharedMasks = new WeakMap<GraphBuilder, Map<string, Value>>();

/** 0 where a query may attend and −1e30 elsewhere, broadcastable to a tile's scores; undefined if it may everywhere. */
export function additiveMask(
  n: Nodes,
  inputs: AttentionInputs,
  { causal }: AttentionAttributes,
  tile: Tile,
): Value | undefined {
  const limit = causal ? causalMask(n, inputs, tile) : undefined;
  if (!inputs.mask) return limit;
  const mask = part(n, inputs.mask, tile);
  const open = limit ?? n.number(0);
  const shape = limit ? [mask.shape[0]!, mask.shape[1]!, ...limit.shape] : mask.shape;
  return n.g.op('Where', [mask, open, n.number(MASKED)], 'float32', shape);
}

/** 1 for each query of a tile that may attend to something and 0 for the others; undefined if all may. */
export function visibleRows(
  n: Nodes,
  inputs: AttentionInputs,
  attrs: AttentionAttributes,
  tile: Tile,
): Value | undefined {
  const everyQueryHasAKey = !inputs.mask && !(attrs.causal && inputs.q.shape[2]! > inputs.k.shape[2]!);
  if (everyQueryHasAKey) return undefined;
  const best = n.reduce('ReduceMax', additiveMask(n, inputs, attrs, tile)!, -1);
  const seen = n.g.op('Greater', [best, n.number(MASKED / 2)], 'bool', best.shape);
  return n.g.cast(seen, 'float32');
}

/** Row i of a tile sees the keys up to its own: `[queries, keys]`, −1e30 above that diagonal. */
function causalMask(n: Nodes, { q, k }: AttentionInputs, tile: Tile): Value {
  const [seqQ, seqK] = [q.shape[2]!, k.shape[2]!];
  const firstHidden = tile.begin + seqK - seqQ + 1;
  if (4 * seqQ * seqK > SHARED_BYTES) return transientMask(n, tile, firstHidden);
  let masks = sharedMasks.get(n.g);
  if (!masks) {
    masks = new Map();
    sharedMasks.set(n.g, masks);
  }
  const key = `${tile.end - tile.begin},${tile.keys},${firstHidden}`;
  const mask = masks.get(key) ?? foldedMask(n, tile, firstHidden);
  masks.set(key, mask);
  return mask;
}

/** Computed from constants only, so that ONNX Runtime computes it once and for all. */
function foldedMask(n: Nodes, { begin, end, keys }: Tile, firstHidden: number): Value {
  const shape = [end - begin, keys];
  const columns = n.g.constant(
    Array.from({ length: keys }, (_, j) => j),
    'int32',
  );
  const limits = n.g.constant(
    Array.from({ length: end - begin }, (_, i) => firstHidden + i),
    'int32',
    [end - begin, 1],
  );
  const open = n.g.op('Less', [columns, limits], 'bool', shape);
  return n.g.op('Where', [open, n.number(0), n.number(MASKED)], 'float32', shape);
}

/** Computed when it is needed. */
function transientMask(n: Nodes, { begin, end, keys }: Tile, firstHidden: number): Value {
  const shape = [end - begin, keys];
  const filled = n.g.fill(MASKED, 'float32', shape);
  const diagonal = n.g.constant([firstHidden], 'int64', []);
  return n.g.op('Trilu', [filled, diagonal], 'float32', shape, { upper: 1 });
}
