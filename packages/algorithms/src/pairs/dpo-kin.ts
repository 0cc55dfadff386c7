import { z } from 'zod';
import { type AlgorithmDefinition, defineAlgorithm, type Paper } from '../definition.ts';
import { aotCoupling } from './aot-coupling.ts';
import { type DpoOptions, dpoLoss, dpoNeeds, dpoOptionFields, dpoOptions } from './dpo.ts';

// The kin of DPO that have papers of their own, each by one word. All are `dpo` with some of its options fixed: the
// function is `dpoLoss`, the equation of each stands in dpo-variants.ts, f-divergence.ts, length-desensitised.ts and
// wpo-weights.ts. What else there is to choose, e.g. `ldAlpha` with `ipo`, they take as `dpo` does.

const { labelSmoothing, divergence, divergenceAlpha, ldAlpha, discopopTau, referenceSync } = dpoOptionFields;
/** Options of every one of them. */
const common = { beta: dpoOptionFields.beta, ldAlpha, referenceSync };
/** Of those that see a score of each answer under any divergence. */
const divergent = { divergence, divergenceAlpha };
const weighted = { weighting: dpoOptionFields.weighting };
/** Share of labels assumed flipped, where the method is about that. */
const flipped = z.number().gt(0).lt(0.5).default(0.1);

interface Kin<S extends z.ZodRawShape> {
  name: string;
  paper: Paper;
  /** What a recipe may say beside what all take. */
  takes: S;
  /** What is `dpo`'s to say and is settled here. */
  fixed: Partial<DpoOptions>;
}

function kin<S extends z.ZodRawShape>({ name, paper, takes, fixed }: Kin<S>) {
  const fields = z.strictObject({ ...common, ...takes });
  const whole = (options: object): DpoOptions => dpoOptions.parse({ ...options, ...fixed });
  return defineAlgorithm({
    name,
    paper,
    batch: 'pairwise',
    options: fields,
    needs: (options) => dpoNeeds(whole(options)),
    coupling: {
      applies: (options) => aotCoupling.applies!(whole(options)),
      measure: (batch, options) => aotCoupling.measure(batch, whole(options)),
      combine: (measured, options, state) => aotCoupling.combine(measured, whole(options), state),
    },
    loss: (batch, options) => dpoLoss(batch, whole(options)),
  }) as AlgorithmDefinition<'pairwise'>;
}

const definitions = [
  kin({
    name: 'cdpo',
    paper: {
      title: 'A note on DPO with noisy preferences and relationship to IPO',
      url: 'https://ericmitchell.ai/cdpo.pdf',
      equations: 'eq. 3',
    },
    takes: { ...divergent, ...weighted, labelSmoothing: flipped },
    fixed: { variant: 'sigmoid' },
  }),
  kin({
    name: 'robust-dpo',
    paper: {
      title: 'Provably Robust DPO: Aligning Language Models with Noisy Feedback',
      url: 'https://arxiv.org/abs/2403.00409',
      equations: 'the rDPO loss',
    },
    takes: { ...divergent, ...weighted, labelSmoothing: flipped },
    fixed: { variant: 'robust' },
  }),
  kin({
    name: 'slic',
    paper: {
      title: 'SLiC-HF: Sequence Likelihood Calibration with Human Feedback',
      url: 'https://arxiv.org/abs/2305.10425',
      equations: 'the calibration loss, on log-ratios as in RSO',
    },
    takes: { ...divergent, ...weighted },
    fixed: { variant: 'hinge' },
  }),
  kin({
    name: 'ipo',
    paper: {
      title: 'A General Theoretical Paradigm to Understand Learning from Human Preferences',
      url: 'https://arxiv.org/abs/2310.12036',
      equations: 'eq. 17',
    },
    takes: { ...divergent, ...weighted },
    fixed: { variant: 'ipo' },
  }),
  kin({
    name: 'exo',
    paper: {
      title: 'Towards Efficient Exact Optimization of Language Model Alignment',
      url: 'https://arxiv.org/abs/2402.00856',
      equations: 'eq. 16',
    },
    takes: { ...divergent, ...weighted, labelSmoothing },
    fixed: { variant: 'exo-pair' },
  }),
  kin({
    name: 'nca',
    paper: {
      title: 'Noise Contrastive Alignment of Language Models with Explicit Rewards',
      url: 'https://arxiv.org/abs/2402.05369',
      equations: 'the NCA loss for pairs',
    },
    takes: weighted,
    fixed: { variant: 'nca-pair' },
  }),
  kin({
    name: 'bco-pair',
    paper: {
      title: 'Binary Classifier Optimization for Large Language Model Alignment',
      url: 'https://arxiv.org/abs/2404.04656',
      equations: 'the loss on pairs, without its shift',
    },
    takes: weighted,
    fixed: { variant: 'bco-pair' },
  }),
  kin({
    name: 'sppo-hard',
    paper: {
      title: 'Self-Play Preference Optimization for Language Model Alignment',
      url: 'https://arxiv.org/abs/2405.00675',
      equations: 'eq. 4.7 with P = 1 and 0',
    },
    takes: weighted,
    fixed: { variant: 'sppo-hard' },
  }),
  kin({
    name: 'aot',
    paper: {
      title: 'Distributional Preference Alignment of LLMs via Optimal Transport',
      url: 'https://arxiv.org/abs/2406.05882',
      equations: 'algorithm 1, paired',
    },
    takes: { labelSmoothing },
    fixed: { variant: 'aot' },
  }),
  kin({
    name: 'aot-unpaired',
    paper: {
      title: 'Distributional Preference Alignment of LLMs via Optimal Transport',
      url: 'https://arxiv.org/abs/2406.05882',
      equations: 'algorithm 1, unpaired',
    },
    takes: { labelSmoothing },
    fixed: { variant: 'aot-unpaired' },
  }),
  kin({
    name: 'apo-zero',
    paper: {
      title:
        'Anchored Preference Optimization and Contrastive Revisions: Addressing Underspecification in Alignment',
      url: 'https://arxiv.org/abs/2408.06266',
      equations: 'eq. 7',
    },
    takes: weighted,
    fixed: { variant: 'apo-zero' },
  }),
  kin({
    name: 'apo-down',
    paper: {
      title:
        'Anchored Preference Optimization and Contrastive Revisions: Addressing Underspecification in Alignment',
      url: 'https://arxiv.org/abs/2408.06266',
      equations: 'eq. 8',
    },
    takes: weighted,
    fixed: { variant: 'apo-down' },
  }),
  kin({
    name: 'discopop',
    paper: {
      title: 'Discovering Preference Optimization Algorithms with and for Large Language Models',
      url: 'https://arxiv.org/abs/2406.08414',
      equations: 'eq. 5',
    },
    takes: { ...divergent, ...weighted, discopopTau },
    fixed: { variant: 'discopop' },
  }),
  kin({
    name: 'dpo-norm',
    paper: {
      title: 'Tülu 3: Pushing Frontiers in Open Language Model Post-Training',
      url: 'https://arxiv.org/abs/2411.15124',
      equations: 'length-normalized DPO',
    },
    takes: { ...divergent, ...weighted },
    fixed: { variant: 'sigmoid-norm' },
  }),
  kin({
    name: 'mpo',
    paper: {
      title:
        'Enhancing the Reasoning Ability of Multimodal Large Language Models via Mixed Preference Optimization',
      url: 'https://arxiv.org/abs/2411.10442',
      equations: 'section 3, the mixture of preference, quality and generation losses',
    },
    takes: weighted,
    fixed: { variant: { sigmoid: 0.8, 'bco-pair': 0.2, sft: 1 } },
  }),
  kin({
    name: 'f-dpo',
    paper: {
      title:
        'Beyond Reverse KL: Generalizing Direct Preference Optimization with Diverse Divergence Constraints',
      url: 'https://arxiv.org/abs/2309.16240',
      equations: 'table 1',
    },
    takes: { ...weighted, labelSmoothing, divergenceAlpha, divergence: divergence.unwrap().default('js') },
    fixed: { variant: 'sigmoid' },
  }),
  kin({
    name: 'ld-dpo',
    paper: {
      title: 'Length Desensitization in Direct Preference Optimization',
      url: 'https://arxiv.org/abs/2409.06411',
      equations: 'the LD-DPO likelihood',
    },
    takes: { ...divergent, ...weighted, labelSmoothing, ldAlpha: ldAlpha.unwrap().default(0.5) },
    fixed: { variant: 'sigmoid' },
  }),
  kin({
    name: 'wpo',
    paper: {
      title: 'WPO: Enhancing RLHF with Weighted Preference Optimization',
      url: 'https://arxiv.org/abs/2406.11827',
      equations: 'eq. 2 and 3',
    },
    takes: { ...divergent, labelSmoothing },
    fixed: { variant: 'sigmoid', weighting: true },
  }),
  kin({
    name: 'tr-dpo',
    paper: {
      title: 'Learn Your Reference Model for Real Good Alignment',
      url: 'https://arxiv.org/abs/2404.09656',
      equations: 'soft and hard update',
    },
    takes: {
      ...divergent,
      ...weighted,
      labelSmoothing,
      referenceSync: referenceSync.unwrap().prefault({}),
    },
    fixed: { variant: 'sigmoid' },
  }),
];

/** The kin of DPO, by the name that recipes use. */
export const dpoKin: Record<string, AlgorithmDefinition<'pairwise'>> = Object.fromEntries(
  definitions.map((definition) => [definition.name, definition]),
);
