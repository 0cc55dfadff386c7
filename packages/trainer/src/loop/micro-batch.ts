import { readsSpans } from '@attune/backend-onnx/ops';
import type { TokenBatch, TokenSequence } from '@attune/data';
import type { DecoderConfig } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import { labelledPlaces } from './labelled-places.ts';
import { segmentSpans, sharePrompts } from './shared-prompts.ts';

/**
 * One forward and backward pass's worth of examples, on the host. An example has `sets` sequences (a pair two); the
 * rows hold every example's first sequence, then, in the same order, every second, and so on.
 */
export interface MicroBatch extends TokenBatch {
  /** The sequences of each row; rows without any only fill up. */
  rows: readonly (readonly TokenSequence[])[];
  /** Sequences of each example. Default: 1. */
  sets?: number;
  /** Log-probabilities under the reference model, `[batch, seq]`; where they are known beforehand. */
  refLogProbs?: Float32Array;
  /** Log-probabilities under the policy at the beginning of a rollout's optimization, `[batch, seq]`. */
  oldLogProbs?: Float32Array;
  /** Log-probabilities that sampling recorded, `[batch, seq]`, where some may differ from `oldLogProbs`. */
  samplerLogProbs?: Float32Array;
  /** `[batch, seq]`; rollouts only. */
  advantages?: Float32Array;
  /** What the critic should have said, `[batch, seq]`; rollouts only. */
  returns?: Float32Array;
  /** What the critic said at the rollout, `[batch, seq]`. */
  oldValues?: Float32Array;
  /** Weight of each token, `[batch, seq]`; supervised data only. */
  weights?: Float32Array;
  /** Judgements of steps at their last tokens, and where these are, `[batch, seq]`; stepwise data only. */
  stepLabels?: Float32Array;
  stepMask?: Float32Array;
  /** `[examples]`: 0 or 1, or a reward; unpaired data only. */
  desirable?: Float32Array;
  /** `[examples]`; pairs only. */
  margins?: Float32Array;
  /** `[examples]`: 1 where the chosen answer was sampled from the reference model; pairs only. */
  chosenFromReference?: Float32Array;
  /** Weight of each example, `[examples]`; unpaired data only. */
  exampleWeights?: Float32Array;
  /** What each answer is worth, and whether it is there, `[examples, sets]`; lists only. */
  ratings?: Float32Array;
  present?: Float32Array;
  /** What the whole step says about each example, `[examples]`, by name; see `Coupling`. */
  coupled?: Record<string, Float32Array>;
  /** Other data that a rollout's loss looks at. */
  beside?: { supervised?: MicroBatch; pairwise?: MicroBatch };
  /** Tokens that carry loss. */
  tokens: number;
  /** Pairs: the part of `tokens` that chosen answers have. */
  chosenTokens?: number;
  /** Tokens that the model reads, padding left out. */
  inputTokens: number;
  /** Examples: sequences, pairs or lists. */
  examples: number;
  /** What messages call each example, e.g. `train.jsonl row 17`. */
  names: string[];
}

/** The tensors of a micro-batch, as a compiled function takes them. */
export interface BatchTensors {
  /** int32 `[batch, seq]`. */
  inputIds: tf.Tensor2D;
  /** int32 `[batch, seq]`, −100 where there is no target. */
  labels: tf.Tensor2D;
  /** float32 `[batch, seq]`. */
  mask: tf.Tensor2D;
  [name: string]: tf.Tensor | BatchTensors | Record<string, tf.Tensor>;
}

/** Numbers for each token. */
const PER_TOKEN = [
  'refLogProbs',
  'oldLogProbs',
  'samplerLogProbs',
  'advantages',
  'returns',
  'oldValues',
  'weights',
  'stepLabels',
  'stepMask',
] as const;

/** Numbers for each example. */
const PER_EXAMPLE = ['desirable', 'margins', 'chosenFromReference', 'exampleWeights'] as const;

/** How a micro-batch will be read. */
export interface Reading {
  /** Of the model that reads it. */
  config: Pick<DecoderConfig, 'vocab_size' | 'head_dim'>;
  /** Only log-probabilities of labels are wanted, so that it does not matter where tokens stand. Default: false. */
  labelsOnly?: boolean;
}

/** Uploads a micro-batch. The caller disposes of the tensors. */
export function toTensors(batch: MicroBatch, reading: Reading): BatchTensors {
  const { config, labelsOnly } = reading;
  const shape: [number, number] = [batch.batch, batch.seq];
  const tensors: BatchTensors = {
    inputIds: tf.tensor2d(batch.inputIds, shape, 'int32'),
    labels: tf.tensor2d(batch.labels, shape, 'int32'),
    mask: tf.tensor2d(batch.mask, shape),
  };
  const spans = readsSpans(config.head_dim);
  const shared = spans && labelsOnly && !batch.segmentIds ? sharePrompts(batch) : undefined;
  const elsewhere = shared && labelledPlaces(batch.labels, config.vocab_size, shared);
  const labelled = elsewhere ?? labelledPlaces(batch.labels, config.vocab_size);
  if (labelled) tensors.labelled = { places: labelled.places, inverse: labelled.inverse };
  if (shared && elsewhere) {
    tensors.read = { ...elsewhere.read! };
    const { rows, width } = shared;
    tensors.shared = {
      inputIds: tf.tensor2d(shared.inputIds, [rows, width], 'int32'),
      spans: tf.tensor3d(shared.spans, [rows, width, 3], 'int32'),
    };
  }
  if (spans && batch.segmentIds)
    tensors.spans = tf.tensor3d(segmentSpans(batch, batch.segmentIds), [...shape, 3], 'int32');
  else
    for (const key of ['segmentIds', 'positions'] as const) {
      if (batch[key]) tensors[key] = tf.tensor2d(batch[key], shape, 'int32');
    }
  for (const key of PER_TOKEN) {
    if (batch[key]) tensors[key] = tf.tensor2d(batch[key], shape);
  }
  for (const key of PER_EXAMPLE) {
    if (batch[key]) tensors[key] = tf.tensor1d(batch[key]);
  }
  for (const key of ['ratings', 'present'] as const) {
    if (batch[key]) tensors[key] = tf.tensor2d(batch[key], [batch.examples, batch.sets ?? 1]);
  }
  if (batch.coupled) {
    const entries = Object.entries(batch.coupled).map(
      ([name, values]) => [name, tf.tensor1d(values)] as const,
    );
    tensors.coupled = Object.fromEntries(entries);
  }
  for (const kind of ['supervised', 'pairwise'] as const) {
    if (batch.beside?.[kind]) tensors[kind] = toTensors(batch.beside[kind], reading);
  }
  return tensors;
}

/** Frees what `toTensors` uploaded. */
export function disposeTensors(tensors: BatchTensors): void {
  tf.dispose(tensors as unknown as tf.TensorContainer);
}
