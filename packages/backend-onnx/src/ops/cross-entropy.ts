import {
  add,
  gather,
  logSoftmax,
  mean,
  mul,
  neg,
  notEqual,
  range,
  reshape,
  scalar,
  type Tensor,
  type Tensor1D,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { register } from '../gradients/shared.ts';
import type { LoweringContext, Value } from '../graph/types.ts';
import { defineKernel } from '../kernels/registry.ts';
import { hasKernel, runKernel } from './fused.ts';
import { Nodes } from './nodes.ts';

/** How a cross-entropy reads its labels. */
export interface CrossEntropyOptions {
  /** Labels of this value have loss 0 and no gradient. Default −100. */
  ignoreIndex?: number;
  /** Share of the target spread evenly over the vocabulary, in [0, 1). Default 0. */
  labelSmoothing?: number;
}

/**
 * Cross-entropy of each token, −log softmax(logits)[label], without a one-hot tensor. With label smoothing ε
 * (Szegedy et al. 2016, "Rethinking the Inception Architecture", section 7) the target is (1 − ε) of the label plus
 * ε spread over the vocabulary.
 *
 * @param logits `[..., vocab]`
 * @param labels int32 `[...]`, already shifted; `ignoreIndex` where no loss is wanted
 * @returns the loss per token, `[...]`, 0 where ignored
 */
export function crossEntropy<R extends Tensor = Tensor>(
  logits: Tensor,
  labels: Tensor,
  options: CrossEntropyOptions = {},
): R {
  if (!hasKernel('CrossEntropy')) return crossEntropyComposition(logits, labels, options);
  const { ignoreIndex = -100, labelSmoothing = 0 } = options;
  return runKernel<R>('CrossEntropy', { logits, labels }, { ignoreIndex, labelSmoothing });
}

/** The same in plain operations. */
export function crossEntropyComposition<R extends Tensor = Tensor>(
  logits: Tensor,
  labels: Tensor,
  { ignoreIndex = -100, labelSmoothing = 0 }: CrossEntropyOptions = {},
): R {
  const vocab = logits.shape.at(-1)!;
  const tokens = labels.size;
  const flatLabels = reshape(labels, [tokens]);
  const counted = notEqual(flatLabels, scalar(ignoreIndex, 'int32'));
  const label = where(counted, flatLabels, zerosLike(flatLabels));

  const logProbs = logSoftmax(reshape(logits, [tokens, vocab]));
  const position = add(range(0, tokens * vocab, vocab, 'int32'), label) as Tensor1D;
  const ofLabel = gather(reshape(logProbs, [tokens * vocab]), position);
  const target = labelSmoothing
    ? add(mul(ofLabel, 1 - labelSmoothing), mul(mean(logProbs, -1), labelSmoothing))
    : ofLabel;
  const loss = where(counted, neg(target), zerosLike(target));
  return reshape(loss, labels.shape) as R;
}

/**
 * The log-probability of each label, `−crossEntropy(logits, labels)`.
 *
 * @param logits `[..., vocab]`
 * @param labels int32 `[...]`, −100 where none is wanted
 * @returns `[...]`, 0 where ignored
 */
export function tokenLogProbs<R extends Tensor = Tensor>(logits: Tensor, labels: Tensor): R {
  return neg(crossEntropy(logits, labels)) as R;
}

type Attributes = Required<CrossEntropyOptions>;

register<Attributes>('CrossEntropy', {
  save: ['logits', 'labels'],
  gradient: (dy, [logits, labels], attrs) => ({
    logits: () => runKernel<Tensor>('CrossEntropyGrad', { dy, logits: logits!, labels: labels! }, attrs),
  }),
});

defineKernel('CrossEntropy', ({ g, inputs, attrs }: LoweringContext<Attributes>) => {
  const n = new Nodes(g);
  if (g.native) return n.reshape(nativeLoss(n, inputs, attrs).loss, inputs.labels!.shape);
  const { logProbs, label, counted } = prepare(n, inputs, attrs);
  const [tokens] = logProbs.shape as [number, number];
  const ofLabel = g.op('GatherElements', [logProbs, label], 'float32', [tokens, 1], { axis: 1 });
  const { labelSmoothing } = attrs;
  const target = labelSmoothing
    ? n.add(n.mul(ofLabel, 1 - labelSmoothing), n.mul(n.reduce('ReduceMean', logProbs, 1), labelSmoothing))
    : ofLabel;
  const loss = g.op('Where', [counted, n.neg(target), n.number(0)], 'float32', [tokens, 1]);
  return n.reshape(loss, inputs.labels!.shape);
});

/** dlogits = dy · (softmax − target): the target is subtracted at one place of each row. */
defineKernel('CrossEntropyGrad', ({ g, inputs, attrs }: LoweringContext<Attributes>) => {
  const n = new Nodes(g);
  if (g.native) {
    const { logits, labels, logSums } = nativeLoss(n, inputs, attrs);
    const dy = n.reshape(inputs.dy!, labels.shape);
    const settings = { smoothing: attrs.labelSmoothing };
    const [gradient] = n.native('CrossEntropyGrad', [logits, labels, logSums, dy], [logits], settings);
    return n.reshape(gradient, inputs.logits!.shape);
  }
  const { logProbs, label, counted } = prepare(n, inputs, attrs);
  const [tokens, vocab] = logProbs.shape as [number, number];
  const dy = n.reshape(inputs.dy!, [tokens, 1]);
  const weight = g.op('Where', [counted, dy, n.number(0)], 'float32', [tokens, 1]);
  const { labelSmoothing } = attrs;
  let dLogits = n.mul(n.exp(logProbs), weight);
  if (labelSmoothing) dLogits = n.sub(dLogits, n.mul(weight, labelSmoothing / vocab));
  const atLabel = n.mul(weight, labelSmoothing - 1);
  const gradient = g.op('ScatterElements', [dLogits, label, atLabel], 'float32', [tokens, vocab], {
    axis: 1,
    reduction: 'add',
  });
  return n.reshape(gradient, inputs.logits!.shape);
});

interface NativeLoss {
  loss: Value;
  /** What the operator read, flat. */
  logits: Value;
  labels: Value;
  /** The logarithms of softmax's sums. */
  logSums: Value;
}

/** What our own operator takes for a label to ignore: no index, and exact as float32. */
const IGNORED = -(2 ** 31);

/** By the logits; with the labels and options that they were for. */
const kept = new WeakMap<Value, { from: Value; attrs: Attributes; result: NativeLoss }>();

/** The loss by our own operator; in the backward pass the nodes of the forward pass, where that is the same graph. */
function nativeLoss(n: Nodes, inputs: Record<string, Value>, attrs: Attributes): NativeLoss {
  const known = kept.get(inputs.logits!);
  if (known && known.from === inputs.labels && sameOptions(known.attrs, attrs)) return known.result;
  const result = recordNativeLoss(n, inputs, attrs);
  kept.set(inputs.logits!, { from: inputs.labels!, attrs, result });
  return result;
}

const sameOptions = (a: Attributes, b: Attributes) =>
  a.ignoreIndex === b.ignoreIndex && a.labelSmoothing === b.labelSmoothing;

function recordNativeLoss(n: Nodes, inputs: Record<string, Value>, attrs: Attributes): NativeLoss {
  const { ignoreIndex, labelSmoothing } = attrs;
  const vocab = inputs.logits!.shape.at(-1)!;
  const tokens = inputs.labels!.shape.reduce((a, b) => a * b, 1);
  const logits = n.reshape(inputs.logits!, [tokens, vocab]);
  const flat = n.reshape(inputs.labels!, [tokens]);
  const ignored = n.g.op('Equal', [flat, n.number(ignoreIndex, 'int32')], 'bool', [tokens]);
  const known = n.g.op('Where', [ignored, n.number(IGNORED, 'int32'), flat], 'int32', [tokens]);
  const labels = n.g.cast(known, 'float32');
  const [loss, logSums] = n.native('CrossEntropy', [logits, labels], [labels, labels], {
    smoothing: labelSmoothing,
  });
  return { loss, logits, labels, logSums };
}

/** Log-probabilities `[tokens, vocab]`, labels `[tokens, 1]` with 0 for those to ignore, and which ones count. */
function prepare(n: Nodes, inputs: Record<string, Value>, { ignoreIndex }: Attributes) {
  const vocab = inputs.logits!.shape.at(-1)!;
  const tokens = inputs.labels!.shape.reduce((a, b) => a * b, 1);
  // The same nodes in the forward and the backward pass, so that they are computed once.
  const logProbs = n.logSoftmax(n.reshape(inputs.logits!, [tokens, vocab]));
  const labels = n.reshape(inputs.labels!, [tokens, 1]);
  const ignored = n.g.op('Equal', [labels, n.number(ignoreIndex, 'int32')], 'bool', [tokens, 1]);
  const counted = n.g.op('Not', [ignored], 'bool', [tokens, 1]);
  const known = n.g.op('Where', [counted, labels, n.number(0, 'int32')], 'int32', [tokens, 1]);
  return { logProbs, counted, label: n.g.cast(known, 'int64') };
}
