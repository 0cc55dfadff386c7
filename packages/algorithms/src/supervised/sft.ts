import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { SupervisedBatch } from '../batches.ts';
import { defineAlgorithm, type LossResult } from '../definition.ts';
import { tokenMean } from '../masked.ts';

/**
 * Supervised fine-tuning (and pre-training): the negative log-likelihood of the target tokens,
 * `−Σ log p(token) / tokens`, over the tokens of the whole optimizer step. Dividing by the step's tokens
 * rather than each micro-batch's is what makes gradient accumulation exact with sequences of unequal lengths.
 */
export function sftLoss({ logProbs, mask, totals }: SupervisedBatch): LossResult {
  return { loss: tf.neg(tokenMean(logProbs, mask, totals)), metrics: {} };
}

/** Supervised fine-tuning: `sftLoss` as a definition. It has no options. */
export const sft = defineAlgorithm({
  name: 'sft',
  paper: {
    title: 'Training language models to follow instructions with human feedback',
    url: 'https://arxiv.org/abs/2203.02155',
    equations: 'section 3.5, supervised fine-tuning',
  },
  batch: 'supervised',
  options: z.strictObject({}),
  loss: sftLoss,
});
