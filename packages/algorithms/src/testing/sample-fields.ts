import type { BatchKind } from '../batches.ts';
import type { Needs } from '../definition.ts';
import type { SampleExample } from './sample-batch.ts';

/** Tokens that sample logits choose between. */
const VOCABULARY = 5;
/** Answers of a sample list. */
const LIST = 3;

/** Random numbers for the fields of an example. */
export interface SampleDraws {
  seq: number;
  /** A number in [0, 1). */
  random(): number;
  logProb(): number;
  /** A score or a logit. */
  score(): number;
  length(): number;
}

/** What models say of one sequence, below a path. */
function sequence(at: string, needs: Needs, draws: SampleDraws): SampleExample {
  const tokens = <T>(draw: () => T) => Array.from({ length: draws.seq }, draw);
  const length = draws.length();
  const fields: SampleExample = { [`${at}mask`]: tokens(() => 0).map((_, t) => (t < length ? 1 : 0)) };
  if (needs.logits) {
    const labels = tokens(() => Math.floor(draws.random() * VOCABULARY));
    const logits = () => tokens(() => Array.from({ length: VOCABULARY }, draws.score));
    const chosen = (rows: number[][]) => rows.map((row, t) => row[labels[t]!]! - logSumExp(row));
    fields[`${at}labels`] = labels;
    const own = logits();
    fields[`${at}logits`] = own;
    fields[`${at}logProbs`] = chosen(own);
    if (needs.reference) {
      const reference = logits();
      fields[`${at}refLogits`] = reference;
      fields[`${at}refLogProbs`] = chosen(reference);
    }
  } else {
    fields[`${at}logProbs`] = tokens(draws.logProb);
    if (needs.reference) fields[`${at}refLogProbs`] = tokens(draws.logProb);
  }
  if (needs.entropy) fields[`${at}entropy`] = tokens(() => 2 * draws.random());
  if (needs.head) fields[`${at}scores`] = tokens(draws.score);
  return fields;
}

function logSumExp(row: number[]): number {
  const most = Math.max(...row);
  return most + Math.log(row.reduce((sum, x) => sum + Math.exp(x - most), 0));
}

/** What one example of each batch kind holds, by path. */
export const sampleFields: Record<BatchKind, (needs: Needs, draws: SampleDraws) => SampleExample> = {
  supervised: (needs, draws) => ({
    ...sequence('', needs, draws),
    weights: Array.from({ length: draws.seq }, () => 0.5 + draws.random()),
  }),
  pairwise: (needs, draws) => ({
    ...sequence('chosen.', needs, draws),
    ...sequence('rejected.', needs, draws),
    ...(needs.corrupted ? sequence('corrupted.', needs, draws) : {}),
    margins: draws.random(),
    chosenFromReference: draws.random() < 0.5 ? 0 : 1,
  }),
  unpaired: (needs, draws) => ({
    ...sequence('', needs, draws),
    ...(needs.mismatched ? sequence('mismatched.', needs, draws) : {}),
    desirable: draws.random() < 0.5 ? 0 : 1,
    weights: 0.5 + draws.random(),
  }),
  listwise: (needs, draws) => {
    const answers = Array.from({ length: LIST }, (_, i) => sequence(`answers.${i}.`, needs, draws));
    const places = <T>(draw: () => T) => Array.from({ length: LIST }, draw);
    // Every list has an answer; some have fewer than others.
    const present = places(() => (draws.random() < 0.75 ? 1 : 0)).map((value, i) => (i === 0 ? 1 : value));
    return Object.assign({}, ...answers, { ratings: places(() => 4 * draws.random()), present });
  },
  stepwise: (needs, draws) => {
    const own = sequence('', needs, draws);
    const mask = own.mask as number[];
    const length = mask.reduce((a, b) => a + b, 0);
    return {
      ...own,
      stepLabels: mask.map(() => draws.random()),
      // Every other token ends a step, and the last one does.
      stepMask: mask.map((value, t) => (value && (length - 1 - t) % 2 === 0 ? 1 : 0)),
    };
  },
  rollout: (needs, draws) => {
    const own = sequence('', needs, draws);
    const tokens = (draw: () => number) => Array.from({ length: draws.seq }, draw);
    const advantage = 4 * draws.random() - 2;
    return {
      ...own,
      oldLogProbs: tokens(draws.logProb),
      samplerLogProbs: tokens(draws.logProb),
      advantages: tokens(() => advantage),
      ...(needs.critic
        ? { values: tokens(draws.score), oldValues: tokens(draws.score), returns: tokens(draws.score) }
        : {}),
      ...(needs.beside?.includes('supervised') ? sequence('supervised.', {}, draws) : {}),
      ...(needs.pairs || needs.beside?.includes('pairwise')
        ? {
            ...sequence('pairwise.chosen.', { reference: true }, draws),
            ...sequence('pairwise.rejected.', { reference: true }, draws),
          }
        : {}),
    };
  },
  distillation: (needs, draws) => {
    const own = sequence('', { ...needs, logits: true }, draws);
    const tokens = <T>(draw: () => T) => Array.from({ length: draws.seq }, draw);
    return {
      ...own,
      teacherLogits: tokens(() => Array.from({ length: VOCABULARY }, draws.score)),
      oldLogProbs: tokens(draws.logProb),
    };
  },
  contrastive: (_needs, draws) => ({
    left: Array.from({ length: VOCABULARY }, draws.score),
    right: Array.from({ length: VOCABULARY }, draws.score),
  }),
};
