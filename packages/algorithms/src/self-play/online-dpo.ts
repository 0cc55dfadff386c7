import { z } from 'zod';
import { defineAlgorithm } from '../definition.ts';
import { aotCoupling } from '../pairs/aot-coupling.ts';
import { dpoLoss, dpoNeeds, dpoOptionFields, withDpoRules } from '../pairs/dpo.ts';
import { bestAgainstWorst } from '../rounds.ts';

const fields = z.strictObject({
  ...dpoOptionFields,
  /** Answers to sample to each prompt; the best is set against the worst. The paper samples 2. */
  samples: z.number().int().min(2).default(2),
  /** What judges the answers: `rewards`, or a judge that compares two (`preferences`, the paper's). */
  judge: z.enum(['rewards', 'preferences']).default('rewards'),
});

/** Options of online DPO. */
export const onlineDpoOptions = withDpoRules(fields);

/** Parsed options of online DPO. */
export type OnlineDpoOptions = z.output<typeof fields>;

/**
 * Online DPO (online AI feedback): before every step the policy of that moment answers the prompts, a judge says which
 * answer is better, and DPO's loss, in any variant, is taken on these pairs. The reference stays the initial policy.
 * Prompts whose answers are judged equal teach nothing and are left out.
 *
 * Differs from TRL in `variant: ipo`: averaged over tokens, as `dpo`'s is; TRL's online IPO sums.
 */
export const onlineDpo = defineAlgorithm({
  name: 'online-dpo',
  paper: {
    title: 'Direct Language Model Alignment from Online AI Feedback',
    url: 'https://arxiv.org/abs/2402.04792',
    equations: 'algorithm 1',
  },
  batch: 'pairwise',
  options: onlineDpoOptions,
  needs: dpoNeeds,
  coupling: aotCoupling,
  rounds: ({ samples, judge }) => ({
    every: 'step',
    answers: [{ from: 'policy', count: samples }],
    judge,
    reference: 'initial',
    examples: bestAgainstWorst,
  }),
  loss: dpoLoss,
});
