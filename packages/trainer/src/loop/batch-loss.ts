import type {
  AnyAlgorithm,
  BatchKinds,
  LossResult,
  Needs,
  PairwiseBatch,
  SequenceLogProbs,
  SupervisedBatch,
  Totals,
} from '@attune/algorithms';
import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '../errors.ts';
import { contrastiveBatch, type Encoders } from './contrastive.ts';
import type { BatchTensors } from './micro-batch.ts';
import { computeOutputs, type LossModels, type ModelOutputs } from './outputs.ts';
import type { TotalNumbers } from './totals.ts';

/** An algorithm as the step calls it. */
export interface LossSettings {
  algorithm: AnyAlgorithm;
  /** The algorithm's options, parsed. */
  options: unknown;
  models: LossModels;
}

/** The algorithm's loss on a micro-batch: runs the models and hands the loss what its batch kind holds. */
export function batchLoss(
  { algorithm, options, models }: LossSettings,
  batch: BatchTensors,
  totals: TotalNumbers<tf.Scalar>,
  dropoutSeed?: tf.Scalar,
): LossResult {
  const loss = algorithm.loss as (batch: unknown, options: unknown) => LossResult;
  if (algorithm.batch === 'contrastive')
    return loss(contrastiveBatch(models as Encoders, batch, totals.own, dropoutSeed), options);
  const needs = algorithm.needs?.(options) ?? {};
  const outputs = computeOutputs(models, needs, batch, dropoutSeed);
  const beside = (kind: 'supervised' | 'pairwise') => {
    const own = batch[kind] as BatchTensors | undefined;
    if (!own) return undefined;
    const { policy, reference } = models;
    const found = computeOutputs({ policy, reference }, {}, own, dropoutSeed);
    return assemble(kind, {}, own, found, totals[kind]!);
  };
  const { kind, batch: assembled } = lossBatch(algorithm, needs, batch, outputs, totals.own);
  if (kind === 'rollout') {
    assembled.supervised = beside('supervised') as SupervisedBatch | undefined;
    assembled.pairwise = beside('pairwise') as PairwiseBatch | undefined;
  }
  return loss(assembled, options);
}

type Assembled = { [K in keyof BatchKinds]: { kind: K; batch: BatchKinds[K] } }[keyof BatchKinds];

/** What a definition's `loss` or `coupling.measure` is handed. */
export function lossBatch(
  algorithm: AnyAlgorithm,
  needs: Needs,
  batch: BatchTensors,
  outputs: ModelOutputs,
  totals: Totals,
): Assembled {
  const kind = algorithm.batch;
  return { kind, batch: assemble(kind, needs, batch, outputs, totals, algorithm.name) } as Assembled;
}

function assemble(
  kind: keyof BatchKinds,
  needs: Needs,
  batch: BatchTensors,
  outputs: ModelOutputs,
  totals: Totals,
  name: string = kind,
): BatchKinds[keyof BatchKinds] {
  const coupled = batch.coupled as Record<string, tf.Tensor1D> | undefined;
  const context = coupled ? { totals, coupled } : { totals };
  const tensor = (key: string) => batch[key] as tf.Tensor2D;
  const numbers = (key: string) => batch[key] && { [key]: batch[key] as tf.Tensor1D };
  const part = (set: number, sets: number) => slicePart(batch, outputs, set, sets);
  switch (kind) {
    case 'supervised':
      return {
        ...part(0, 1),
        ...(batch.weights && { weights: tensor('weights') }),
        ...(outputs.adapter && { adapter: outputs.adapter }),
        ...context,
      };
    case 'pairwise': {
      const sets = needs.corrupted ? 3 : 2;
      return {
        chosen: part(0, sets),
        rejected: part(1, sets),
        ...(needs.corrupted && { corrupted: part(2, sets) }),
        ...numbers('margins'),
        ...numbers('chosenFromReference'),
        ...context,
      };
    }
    case 'unpaired': {
      const sets = needs.mismatched ? 2 : 1;
      return {
        ...part(0, sets),
        desirable: batch.desirable as tf.Tensor1D,
        ...(batch.exampleWeights && { weights: batch.exampleWeights as tf.Tensor1D }),
        ...(needs.mismatched && { mismatched: part(1, sets) }),
        ...context,
      };
    }
    case 'listwise': {
      const sets = tensor('present').shape[1];
      const answers = Array.from({ length: sets }, (_, set) => part(set, sets));
      return { answers, ratings: tensor('ratings'), present: tensor('present'), ...context };
    }
    case 'stepwise':
      return { ...part(0, 1), stepLabels: tensor('stepLabels'), stepMask: tensor('stepMask'), ...context };
    case 'rollout':
      return {
        ...part(0, 1),
        oldLogProbs: tensor('oldLogProbs'),
        advantages: tensor('advantages'),
        ...(batch.samplerLogProbs && { samplerLogProbs: tensor('samplerLogProbs') }),
        ...(batch.returns && { returns: tensor('returns') }),
        ...(batch.oldValues && { oldValues: tensor('oldValues') }),
        ...(outputs.values && { values: outputs.values }),
        ...context,
      };
    case 'distillation':
      return {
        ...part(0, 1),
        logits: outputs.logits!,
        teacherLogits: outputs.teacherLogits!,
        ...(batch.oldLogProbs && { oldLogProbs: tensor('oldLogProbs') }),
        ...context,
      };
    default:
      throw new UserError(`${name}: ${kind} batches are compared whole and have no coupling`);
  }
}

/** One set of the sequences: rows `set · n` to `(set + 1) · n`. */
function slicePart(
  { mask }: BatchTensors,
  outputs: ModelOutputs,
  set: number,
  sets: number,
): SequenceLogProbs {
  const rows = mask.shape[0] / sets;
  const part = <T extends tf.Tensor>(x: T): T => {
    if (sets === 1) return x;
    const zeros = x.shape.slice(1).map(() => 0);
    return tf.slice(x, [set * rows, ...zeros], [rows, ...x.shape.slice(1)]);
  };
  const { logProbs, refLogProbs, logits, labels, refLogits, entropy, scores } = outputs;
  const optional = { refLogProbs, logits, labels, refLogits, entropy, scores };
  const present = Object.entries(optional).flatMap(([key, value]) => (value ? [[key, part(value)]] : []));
  return { logProbs: part(logProbs), mask: part(mask), ...Object.fromEntries(present) };
}
