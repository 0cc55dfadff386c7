import type { Tensor1D } from '@tensorflow/tfjs-core';
import type { PairwiseBatch, SequenceLogProbs } from '../batches.ts';
import { scoreAtLast } from '../sequence-scores.ts';
import { required } from '../sequences.ts';

/** The reward model's scores of both answers, `[batch]` each. */
export function pairScores(
  { chosen, rejected }: PairwiseBatch,
  algorithm: string,
): { chosen: Tensor1D; rejected: Tensor1D } {
  const score = ({ scores, mask }: SequenceLogProbs) =>
    scoreAtLast(required(scores, algorithm, 'scores of the scalar head'), mask);
  return { chosen: score(chosen), rejected: score(rejected) };
}
