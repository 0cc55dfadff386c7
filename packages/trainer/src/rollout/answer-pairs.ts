import type { TokenSequence } from '@attune/data';
import type { EncodedExample } from '../data/codec.ts';
import { type BatchOptions, makeMicroBatch } from '../data/micro-batches.ts';
import type { MicroBatch } from '../loop/micro-batch.ts';

/** An answer of a rollout as one side of a pair. */
export interface PairAnswer {
  sequence: TokenSequence;
  name: string;
  /** At the labels of its sequence. */
  refLogProbs?: Float32Array;
}

/** Two answers to the same prompt. */
export interface RolloutPair {
  chosen: PairAnswer;
  rejected: PairAnswer;
}

/**
 * The micro-batches of a step with its pairs beside them, spread evenly (`needs.pairs`: UPO with online preferences).
 * Where there are fewer pairs than micro-batches some go without.
 */
export function attachPairs(
  batches: readonly MicroBatch[],
  pairs: readonly RolloutPair[],
  layout: Pick<BatchOptions, 'padId' | 'maxLength' | 'micro'>,
): MicroBatch[] {
  const byExample = new Map<EncodedExample, RolloutPair>(
    pairs.map((pair) => [
      { sequences: [pair.chosen.sequence, pair.rejected.sequence], name: `${pair.chosen.name} (pair)` },
      pair,
    ]),
  );
  const examples = [...byExample.keys()];
  const options: BatchOptions = {
    ...layout,
    kind: 'pairwise',
    packing: false,
    ...(pairs[0]?.chosen.refLogProbs && {
      reference: (example) => {
        const { chosen, rejected } = byExample.get(example)!;
        return [chosen.refLogProbs!, rejected.refLogProbs!];
      },
    }),
  };
  const share = (i: number) => Math.floor((i * examples.length) / batches.length);
  return batches.map((batch, i) => {
    const own = examples.slice(share(i), share(i + 1));
    if (own.length === 0) return batch;
    return { ...batch, beside: { ...batch.beside, pairwise: makeMicroBatch(own, options) } };
  });
}
