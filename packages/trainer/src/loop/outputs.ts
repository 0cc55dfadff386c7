import type { Needs } from '@attune/algorithms';
import { tokenLogProbs } from '@attune/backend-onnx/ops';
import {
  type CausalLM,
  type DecoderInputs,
  type LabelledPlaces,
  type PickedPlaces,
  scalarHead,
} from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import type { ContrastiveSettings } from './contrastive.ts';
import type { Named } from './gradients.ts';
import type { BatchTensors } from './micro-batch.ts';

/** The models that an algorithm's loss looks at. */
export interface LossModels {
  /** The model that is trained. */
  policy: CausalLM;
  /** The reference, where it is run with each batch: because it moves, or because its logits are wanted. */
  reference?: CausalLM;
  /** A model with a scalar head that is trained along. */
  critic?: CausalLM;
  teacher?: CausalLM;
  /** What contrastive methods look at beside them. */
  contrastive?: ContrastiveSettings;
}

/** What the models say of all rows of a batch, `[batch, seq]` each, logits `[batch, seq, vocab]`. */
export interface ModelOutputs {
  logProbs: tf.Tensor2D;
  refLogProbs?: tf.Tensor2D;
  logits?: tf.Tensor3D;
  refLogits?: tf.Tensor3D;
  entropy?: tf.Tensor2D;
  scores?: tf.Tensor2D;
  values?: tf.Tensor2D;
  teacherLogits?: tf.Tensor3D;
  /** The labels, for losses that look at logits. */
  labels?: tf.Tensor2D;
  /** The adapter's parameters. */
  adapter?: Named;
}

/** Runs the models over a batch; of each only what is needed. */
export function computeOutputs(
  { policy, reference, critic, teacher }: LossModels,
  needs: Needs,
  batch: BatchTensors,
  dropoutSeed?: tf.Scalar,
): ModelOutputs {
  const inputs = modelInputs(batch);
  const outputs: ModelOutputs = policyOutputs(policy, needs, batch, dropoutSeed);
  outputs.refLogProbs = batch.refLogProbs as tf.Tensor2D | undefined;
  if (reference) {
    const found = policyOutputs(reference, { logits: needs.logits }, batch);
    outputs.refLogProbs = found.logProbs;
    outputs.refLogits = found.logits;
  }
  if (needs.adapter) outputs.adapter = policy.trainable();
  if (critic) outputs.values = critic.scores(inputs);
  if (teacher) outputs.teacherLogits = teacher.logits(inputs);
  return outputs;
}

function policyOutputs(
  model: CausalLM,
  needs: Needs,
  batch: BatchTensors,
  dropoutSeed?: tf.Scalar,
): ModelOutputs {
  // The usual case never holds all logits at once.
  if (wantsLabelsOnly(needs)) return { logProbs: labelLogProbs(model, batch, dropoutSeed) };
  const { logits: wantsLogits, entropy: wantsEntropy, head } = needs;
  const hidden = model.hidden({ ...modelInputs(batch), ...(dropoutSeed && { dropoutSeed }) });
  const logits = model.project(hidden);
  return {
    logProbs: tokenLogProbs(logits, batch.labels) as tf.Tensor2D,
    ...(wantsLogits && { logits, labels: batch.labels }),
    ...(wantsEntropy && { entropy: entropyOf(logits) }),
    ...(head && { scores: headOutput(scalarHead(model.params, hidden), head) }),
  };
}

/** Entropy of the distributions that logits stand for, in nats: `[batch, seq, vocab]` → `[batch, seq]`. */
export function entropyOf(logits: tf.Tensor3D): tf.Tensor2D {
  const logProbs = tf.logSoftmax(logits);
  return tf.neg(tf.sum(tf.mul(tf.exp(logProbs), logProbs), -1));
}

/**
 * A head's output at the places of labels. What it says `after` a label has been read stands at the next place: rows
 * then have one place more than labels, see `readWhole`.
 */
function headOutput(scores: tf.Tensor2D, when: 'after' | 'before'): tf.Tensor2D {
  if (when === 'before') return scores;
  const [batch, seq] = scores.shape;
  return tf.pad(tf.slice(scores, [0, 1], [batch, seq - 1]), [
    [0, 0],
    [0, 1],
  ]);
}

/** Log-probabilities of a batch's labels, `[batch, seq]`, from rows that share prompts where there are such. */
export function labelLogProbs(model: CausalLM, batch: BatchTensors, dropoutSeed?: tf.Scalar): tf.Tensor2D {
  const inputs = (batch.shared as unknown as DecoderInputs | undefined) ?? modelInputs(batch);
  const places = batch.labelled as unknown as LabelledPlaces | undefined;
  const labelled = places && { ...places, read: batch.read as unknown as PickedPlaces | undefined };
  return model.logProbs({ ...inputs, ...(dropoutSeed && { dropoutSeed }) }, batch.labels, labelled);
}

/** What of a batch the model is given. */
export function modelInputs({ inputIds, segmentIds, positions, spans }: BatchTensors): DecoderInputs {
  return {
    inputIds,
    segmentIds: segmentIds as tf.Tensor2D,
    positions: positions as tf.Tensor2D,
    spans: spans as tf.Tensor3D,
  };
}

/** Whether a loss wants the log-probabilities of labels and nothing else of the model; see `Reading`. */
export function wantsLabelsOnly({ logits, entropy, head }: Needs): boolean {
  return !logits && !entropy && !head;
}
