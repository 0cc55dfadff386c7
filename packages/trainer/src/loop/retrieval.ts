import { meanReciprocalRank, ownRanks, recallAtK, wilsonInterval } from '@attune/eval';
import { embedSequences } from '@attune/inference';
import type { CausalLM, Pooling } from '@attune/models';
import type { EncodedExample } from '../data/codec.ts';
import { tokensOf } from '../data/encode-texts.ts';
import type { Evaluation } from './evaluator.ts';

const PLACES = [1, 5, 10];

/**
 * How well pairs find each other among all of them by the similarity of their embeddings: of each left text the place of
 * its right one, and the other way round. Texts that are the same count as one.
 */
export async function retrieval(
  model: CausalLM,
  examples: readonly EncodedExample[],
  pooling: Pooling,
): Promise<Pick<Evaluation, 'metrics' | 'intervals'>> {
  const side = (at: number) => examples.map(({ sequences }) => tokensOf(sequences[at]!));
  const texts = [side(0), side(1)] as const;
  const [left, right] = [
    await embedSequences(model, texts[0], { pooling }),
    await embedSequences(model, texts[1], { pooling }),
  ];
  const found: Pick<Evaluation, 'metrics' | 'intervals'> = { metrics: {}, intervals: {} };
  const count = examples.length;
  const search = (name: string, from: Float32Array[], to: Float32Array[], candidates: Int32Array[]) => {
    const ranks = ownRanks(similarities(from, to), count, count, candidates.map(String));
    for (const k of PLACES.filter((k) => k < count))
      found.metrics[`recall@${k}/${name}`] = recallAtK(ranks, k);
    found.metrics[`reciprocal-rank/${name}`] = meanReciprocalRank(ranks);
    found.intervals[`recall@1/${name}`] = wilsonInterval(ranks.filter((rank) => rank === 1).length, count);
  };
  search('left', left, right, texts[1]);
  search('right', right, left, texts[0]);
  return found;
}

/** Dot products, `[from, to]`. */
function similarities(from: readonly Float32Array[], to: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(from.length * to.length);
  for (const [i, a] of from.entries())
    for (const [j, b] of to.entries()) {
      let sum = 0;
      for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!;
      out[i * to.length + j] = sum;
    }
  return out;
}
