import { z } from 'zod';
import { defineAlgorithm } from '../definition.ts';
import { aotCoupling } from '../pairs/aot-coupling.ts';
import { dpoLoss, dpoNeeds, dpoOptionFields, withDpoRules } from '../pairs/dpo.ts';
import { bestAgainstWorst } from '../rounds.ts';

const fields = z.strictObject({
  ...dpoOptionFields,
  /** Answers to sample to each prompt (N in the paper). */
  samples: z.number().int().min(2).default(4),
});

/** Options of self-rewarding. */
export const selfRewardingOptions = withDpoRules(fields);

/** Parsed options of self-rewarding. */
export type SelfRewardingOptions = z.output<typeof fields>;

/**
 * Self-rewarding language models: iterative DPO in which the policy itself, prompted as a judge, scores its answers.
 * The best is set against the worst; prompts whose best and worst score alike are left out. The reference of each
 * round is the policy that began it.
 */
export const selfRewarding = defineAlgorithm({
  name: 'self-rewarding',
  paper: {
    title: 'Self-Rewarding Language Models',
    url: 'https://arxiv.org/abs/2401.10020',
    equations: 'section 2.3 and 2.4',
  },
  batch: 'pairwise',
  options: selfRewardingOptions,
  needs: dpoNeeds,
  coupling: aotCoupling,
  rounds: ({ samples }) => ({
    every: 'round',
    answers: [{ from: 'policy', count: samples }],
    judge: 'self',
    reference: 'round',
    examples: bestAgainstWorst,
  }),
  loss: dpoLoss,
});
