import type { ContrastiveBatch, Totals } from '@attune/algorithms';
import { linear, randomUniform } from '@attune/backend-onnx/ops';
import { type CausalLM, type Pooling, pool } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import { MATCHER } from './contrastive-parts.ts';
import type { Named } from './gradients.ts';
import type { BatchTensors } from './micro-batch.ts';

/** What contrastive methods look at beside the models. */
export interface ContrastiveSettings {
  /** Learned along with the model: scalars, a matching head; see `contrastiveParts`. */
  parts: Named<tf.Variable>;
  pooling: Pooling;
  /** Token between the two texts that a fused encoder reads. */
  separatorId: number;
}

/** The encoders of a contrastive step. */
export interface Encoders {
  policy: CausalLM;
  /** One that follows it, for methods with momentum. */
  reference?: CausalLM;
  contrastive: ContrastiveSettings;
}

/**
 * What a contrastive loss is handed: the embeddings of both sides. Both come from one encoder, the policy; losses know
 * embeddings alone, so that another tower (images, speech) only changes this file.
 *
 * @param batch rows: every example's left text, then every right one; its mask is 1 at every token of a text
 */
export function contrastiveBatch(
  { policy, reference, contrastive }: Encoders,
  batch: BatchTensors,
  totals: Totals,
  dropoutSeed?: tf.Scalar,
): ContrastiveBatch {
  const { parts, pooling } = contrastive;
  const { inputIds, mask } = batch;
  const embed = (model: CausalLM, seed?: tf.Scalar) =>
    halves(model.embed({ inputIds, ...(seed && { dropoutSeed: seed }) }, mask, pooling));
  const { left, right } = embed(policy, dropoutSeed);
  const scalars = Object.entries(parts).flatMap(([name, value]) =>
    value.rank === 0 ? [[name, value as unknown as tf.Scalar] as const] : [],
  );
  const examples = left.shape[0];
  return {
    left,
    right,
    totals,
    scalars: Object.fromEntries(scalars),
    draws: randomUniform<tf.Tensor2D>([examples, examples], dropoutSeed ?? tf.scalar(0, 'int32')),
    ...(reference && { momentum: embed(reference) }),
    ...(parts[MATCHER.weight] && {
      match: (lefts, rights) => matchLogits(policy, contrastive, batch, lefts, rights, dropoutSeed),
    }),
  };
}

/**
 * The encoder over pairs of texts in one row each, left, separator, right, where the right one's tokens read the left one.
 * The matching head sees what both became, and their product, which small models could not learn to form in reasonable
 * time: `[pairs, 2]`.
 */
export function matchLogits(
  model: CausalLM,
  { parts, pooling, separatorId }: ContrastiveSettings,
  { inputIds, mask }: BatchTensors,
  lefts: tf.Tensor1D,
  rights: tf.Tensor1D,
  dropoutSeed?: tf.Scalar,
): tf.Tensor2D {
  const pairs = lefts.shape[0];
  const [first, second] = [constant(lefts), constant(rights)];
  const ids = halves(inputIds);
  const masks = halves(mask);
  const chosen = (x: { left: tf.Tensor2D; right: tf.Tensor2D }, between: tf.Tensor2D): tf.Tensor2D =>
    tf.concat([tf.gather(x.left, first), between, tf.gather(x.right, second)], 1);
  const read = chosen(masks, tf.ones([pairs, 1]));
  const hidden = model.hidden({
    inputIds: chosen(ids, tf.fill([pairs, 1], separatorId, 'int32')),
    // Padding of the left text stands in the middle: a segment of its own, which nothing else attends to.
    segmentIds: tf.cast(read, 'int32'),
    ...(dropoutSeed && { dropoutSeed }),
  });
  const side = (left: tf.Tensor2D, right: tf.Tensor2D) =>
    pool(hidden, tf.concat([left, tf.zeros([pairs, 1]), right], 1) as tf.Tensor2D, pooling);
  const [ownLeft, ownRight] = [tf.gather(masks.left, first), tf.gather(masks.right, second)];
  const u = side(ownLeft, tf.zerosLike(ownRight));
  const v = side(tf.zerosLike(ownLeft), ownRight);
  const features = tf.concat([u, v, tf.mul(u, v)], 1) as tf.Tensor2D;
  return linear<tf.Tensor2D>(features, parts[MATCHER.weight]!, parts[MATCHER.bias]!);
}

/**
 * The same numbers, of which the backward pass knows nothing: which partners were chosen follows from the weights, and
 * token ids and masks that follow from it have no gradient. An operation without inputs ends every path.
 */
function constant(places: tf.Tensor1D): tf.Tensor1D {
  return tf.customGrad(() => ({ value: tf.clone(places), gradFunc: () => [] }))() as tf.Tensor1D;
}

/** The rows of the left texts and those of the right ones. */
function halves(x: tf.Tensor2D): { left: tf.Tensor2D; right: tf.Tensor2D } {
  const [left, right] = tf.split(x, 2) as [tf.Tensor2D, tf.Tensor2D];
  return { left, right };
}
