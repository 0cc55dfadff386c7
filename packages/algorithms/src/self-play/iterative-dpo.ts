import { z } from 'zod';
import { defineAlgorithm } from '../definition.ts';
import { aotCoupling } from '../pairs/aot-coupling.ts';
import { dpoLoss, dpoNeeds, dpoOptionFields, withDpoRules } from '../pairs/dpo.ts';
import { bestAgainstWorst } from '../rounds.ts';

const fields = z.strictObject({
  ...dpoOptionFields,
  /** Answers to sample to each prompt; the best is set against the worst. */
  samples: z.number().int().min(2).default(4),
});

/** Options of iterative DPO. */
export const iterativeDpoOptions = withDpoRules(fields);

/** Parsed options of iterative DPO. */
export type IterativeDpoOptions = z.output<typeof fields>;

/**
 * Iterative DPO: in rounds, the policy answers many prompts, its best and worst answers become pairs, and DPO trains
 * over them with the policy that began the round as the reference.
 *
 * With `variant: { sigmoid: 1, sft: 1 }` it is iterative reasoning preference optimization (the paper: DPO and
 * the negative log-likelihood of right solutions; here its mean is over the step's chosen tokens).
 */
export const iterativeDpo = defineAlgorithm({
  name: 'iterative-dpo',
  paper: {
    title: 'Iterative Reasoning Preference Optimization',
    url: 'https://arxiv.org/abs/2404.19733',
    equations: 'section 2',
  },
  batch: 'pairwise',
  options: iterativeDpoOptions,
  needs: dpoNeeds,
  coupling: aotCoupling,
  rounds: ({ samples }) => ({
    every: 'round',
    answers: [{ from: 'policy', count: samples }],
    judge: 'rewards',
    reference: 'round',
    examples: bestAgainstWorst,
  }),
  loss: dpoLoss,
});
