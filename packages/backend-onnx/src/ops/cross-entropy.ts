import {
  add,
  cast,
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

/** How a cross-entropy reads its labels. */
export interface CrossEntropyOptions {
  /** Labels of this value have loss 0 and no gradient. Default −100. */
  ignoreIndex?: number;
  /** Share of the target spread evenly over the vocabulary, in [0, 1). Default 0. */
  labelSmoothing?: number;
}

/**
 * Cross-entropy of each token, −log softmax(logits)[label], without a one-hot tensor. With label smoothing ε
 * (Szegedy et al. 2016, section 7) the target is (1 − ε) of the label plus ε spread over the vocabulary.
 *
 * @param logits `[..., vocab]`
 * @param labels int32 `[...]`, already shifted; `ignoreIndex` where no loss is wanted
 * @returns the loss per token, `[...]`, 0 where ignored
 */
export function crossEntropy<R extends Tensor = Tensor>(
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
  return reshape(cast(loss, 'float32'), labels.shape) as R;
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
