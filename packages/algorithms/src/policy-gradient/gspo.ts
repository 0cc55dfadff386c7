import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { RolloutBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { logRatio } from '../log-ratio.ts';
import { stopGradient } from '../stop-gradient.ts';
import { clipRatio } from './clipped-surrogate.ts';
import { clipOptions, groupOptions, groupRelative, policyNeeds, policyOptions } from './options.ts';
import { policyLoss } from './policy-loss.ts';
import { sequenceRatio } from './sequence-ratio.ts';

/** Options of GSPO; the clip range is the paper's (section 5.1), far narrower than GRPO's, as ratios are means. */
export const gspoOptions = z.strictObject({
  ...policyOptions({ aggregation: 'sequence-mean-token-mean' }),
  ...clipOptions({ clipLow: 3e-4, clipHigh: 4e-4 }),
  /** `token` is GSPO-token: the same values, but each token's advantage weighs its own gradient. */
  form: z.enum(['sequence', 'token']).default('sequence'),
  ...groupOptions,
});

/** Parsed options of GSPO. */
export type GspoOptions = z.output<typeof gspoOptions>;

/**
 * Group sequence policy optimization: GRPO whose ratio is that of the whole answer, the geometric mean over its tokens
 * `s = (π(answer)/π_old(answer))^(1/tokens)` (eq. 5 to 7), clipped as a whole. GRPO's ratios of single tokens are one
 * sample each of a distribution, so their noise adds up over long answers.
 *
 * `token` (eq. 13, 14): `sₜ = sg[s] πₜ/sg[πₜ]` clipped for each token. Equal to `sequence` in value and gradient when
 * an answer's advantages are all the same; it allows them to differ.
 *
 * Metrics: those of `policyLoss` and `clipRatio`; the ratio is s.
 */
export function gspoLoss(batch: RolloutBatch, options: GspoOptions): LossResult {
  const whole = sequenceRatio(batch, 'mean');
  const ratio = options.form === 'sequence' ? whole : tokenForm(whole, batch);
  return policyLoss(batch, clipRatio(ratio, batch, options), options);
}

/** The value of the answer's ratio with the gradient of each token's own. */
function tokenForm(whole: Tensor2D, { logProbs, oldLogProbs, mask }: RolloutBatch): Tensor2D {
  const own = logRatio(logProbs, oldLogProbs, mask);
  return tf.mul(stopGradient(whole), tf.exp(tf.sub(own, stopGradient(own))));
}

/** Group sequence policy optimization: `gspoLoss` and `groupAdvantages` as a definition. */
export const gspo = defineAlgorithm({
  name: 'gspo',
  paper: {
    title: 'Group Sequence Policy Optimization',
    url: 'https://arxiv.org/abs/2507.18071',
    equations: 'eq. 5, 7, 13, 14',
  },
  batch: 'rollout',
  options: gspoOptions,
  needs: policyNeeds,
  advantages: groupRelative,
  loss: gspoLoss,
});
