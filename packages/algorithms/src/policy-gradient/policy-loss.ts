import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { RolloutBatch } from '../batches.ts';
import type { LossResult } from '../definition.ts';
import { klEstimate } from '../kl/estimators.ts';
import { logRatio } from '../log-ratio.ts';
import { tokenMean } from '../masked.ts';
import { aggregate } from './aggregation.ts';
import { importanceCorrection } from './importance-correction.ts';
import type { PolicyOptions } from './options.ts';

/** What a method makes of ratios and advantages. */
export interface Surrogate {
  /** Loss of each token, `[batch, seq]`; methods of whole answers repeat the answer's. */
  loss: Tensor2D;
  /** The ratio that the method clips, `[batch, seq]`. */
  ratio: Tensor2D;
  /** The method's own metrics. */
  metrics?: Record<string, Scalar>;
}

/**
 * From the loss of each token to the loss of the step, the same for every policy gradient method: weights that correct
 * for the sampler, KL penalty, entropy bonus, aggregation.
 *
 * Metrics, means over tokens: `ratio`; `kl/old`, the KL divergence from the policy that sampled (k1); `kl/reference`,
 * when there is a penalty; `entropy`, when the batch has it; `correction`, the mean weight, when there is one.
 *
 * @throws when the batch lacks what the options need
 */
export function policyLoss(batch: RolloutBatch, surrogate: Surrogate, options: PolicyOptions): LossResult {
  const { logProbs, oldLogProbs, samplerLogProbs, refLogProbs, entropy, mask, totals } = batch;
  const metrics: LossResult['metrics'] = {
    ratio: tokenMean(surrogate.ratio, mask, totals),
    'kl/old': tf.neg(tokenMean(logRatio(logProbs, oldLogProbs, mask), mask, totals)),
    ...surrogate.metrics,
  };
  let tokenLoss = surrogate.loss;
  if (options.correction !== 'none') {
    if (!samplerLogProbs)
      throw lacks(
        `correction: ${options.correction}`,
        'samplerLogProbs',
        '; where sampler and trainer agree there is nothing to correct',
      );
    const weights = importanceCorrection(oldLogProbs, samplerLogProbs, mask, options);
    tokenLoss = tf.mul(tokenLoss, weights);
    metrics.correction = tokenMean(weights, mask, totals);
  }
  if (options.beta > 0) {
    if (!refLogProbs) throw lacks('beta > 0', 'refLogProbs');
    const kl = klEstimate(logProbs, refLogProbs, mask, options.klEstimator);
    const penalty: Tensor2D = options.klImportance ? tf.mul(kl, surrogate.ratio) : kl;
    tokenLoss = tf.add(tokenLoss, tf.mul(penalty, options.beta));
    metrics['kl/reference'] = tokenMean(penalty, mask, totals);
  }
  if (entropy) metrics.entropy = tokenMean(entropy, mask, totals);
  if (options.entropyBonus > 0) {
    if (!entropy) throw lacks('entropyBonus > 0', 'entropy');
    tokenLoss = tf.sub(tokenLoss, tf.mul(entropy, options.entropyBonus));
  }
  return { loss: aggregate(tokenLoss, mask, totals, options.aggregation, options.fixedLength), metrics };
}

function lacks(option: string, what: string, wayOut = ''): Error {
  return new Error(`policy gradient: ${option} needs ${what}, which the batch lacks${wayOut}`);
}
