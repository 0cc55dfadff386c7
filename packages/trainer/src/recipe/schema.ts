import { POOLINGS } from '@attune/models';
import { z } from 'zod';
import { optimizers } from '../optimizers/index.ts';
import { scheduleOptions } from '../schedules/schedule.ts';
import { reward } from './rewards.ts';

const count = z.int().min(1);

/** The model: read from a folder (`path`), or new, of the given family and sizes. */
const model = z.strictObject({
  /** Folder in Hugging Face layout, or of an earlier run. */
  path: z.string().optional(),
  /** Family of a new model. */
  family: z.enum(['llama', 'qwen2', 'qwen3']).default('llama'),
  layers: count.default(4),
  heads: count.default(4),
  /** Heads of keys and values, fewer for grouped-query attention. Default: `heads`. */
  keyValueHeads: count.optional(),
  /** Width of the residual stream. */
  width: count.default(128),
  /** Width inside the feed-forward blocks. Default: 8/3 of `width`, rounded up to a multiple of 32. */
  feedForward: count.optional(),
  /** Longest sequence, in tokens. */
  context: count.default(256),
  /** Whether the output head is the embedding. */
  tiedEmbeddings: z.boolean().default(true),
  /** Base of the rotary positions. */
  ropeBase: z.number().gt(0).default(10_000),
  /** Trade time for memory: keep only each layer's input for the backward pass. */
  gradientCheckpointing: z.boolean().default(false),
});

/** LoRA adapters in place of training every weight. */
const adapter = z.strictObject({
  rank: count.default(8),
  /** The adapters' output is scaled by alpha / rank. */
  alpha: z.number().gt(0).default(16),
  dropout: z.number().min(0).lt(1).default(0),
  /** Projections that get an adapter. Default: all. */
  targets: z
    .array(z.enum(['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']))
    .min(1)
    .optional(),
});

/** The tokenizer: read from a file (`path`), taken from the model's folder, or trained on the training data. */
const tokenizer = z.strictObject({
  /** `tokenizer.json` or a folder that holds one. */
  path: z.string().optional(),
  /** What to train when nothing is read: byte-level BPE, or one token per character of the data. */
  train: z.enum(['bpe', 'characters']).default('bpe'),
  /** Size of the trained vocabulary; `characters` takes what the data has. */
  vocabSize: z.int().min(1).default(4096),
});

/** One source of examples: a file, or generated arithmetic word problems. */
const source = z.strictObject({
  path: z.string().optional(),
  generate: z.enum(['word-problems']).optional(),
  /** How many examples: generated, or taken from the beginning of the file. */
  count: count.optional(),
  /** Of generated problems, 1 to 4: more steps and larger numbers. */
  difficulty: z.literal([1, 2, 3, 4]).default(2),
  /** Of generated problems: share of the solutions that stop a step early, from 0 to 1. */
  mistakes: z.number().min(0).max(1).default(0),
  /**
   * What generated problems become: worked `solutions`; `pairs`, `graded` pairs, `lists` and `judged` single answers of
   * right and wrong solutions; `steps` judged one by one; `thinking`: every second one ends in /no_think and is answered at once;
   * `texts`: problem and answer as one text to continue, seldom worked out.
   */
  as: z
    .enum(['solutions', 'pairs', 'graded', 'judged', 'lists', 'steps', 'thinking', 'texts'])
    .default('solutions'),
  /** Of `judged` solutions: share of the right ones that is kept. */
  desirable: z.number().gt(0).max(1).default(1),
});

const data = z.strictObject({
  train: source,
  /** Held-out examples: a source of their own, or (`fraction`) split off the training data's end or at random. */
  validation: source.extend({ fraction: z.number().gt(0).lt(1).optional() }).optional(),
  /** Layout of the rows; `auto` looks at the first one. */
  format: z
    .enum([
      'auto',
      'kto',
      'messages',
      'sharegpt',
      'hh-rlhf',
      'shp',
      'summarize-from-feedback',
      'webgpt',
      'preference',
      'stepwise',
      'prm800k',
      'math-shepherd',
      'ranked',
      'prompt-completion',
      'alpaca',
      'question-answer',
      'prompt',
      'retrieval',
      'text',
    ])
    .default('auto'),
  /** Texts to imitate beside a rollout, for algorithms that look at them (PPO with ptx). */
  supervised: source.optional(),
  /** Preferences beside a rollout, for algorithms that look at them (UPO with offline preferences). */
  pairwise: source.optional(),
  /** Rows that do not fit the layout: refuse the data, or leave them out and say so. */
  invalid: z.enum(['refuse', 'skip']).default('refuse'),
  /** Chat template: `chatml`, `none` (prompt and answer are just joined), or the model's own. */
  template: z.enum(['auto', 'chatml', 'none']).default('auto'),
});

const algorithm = z.looseObject({ name: z.string().min(1) });

const optimizerCommon = {
  /** Learning rate at the schedule's height. */
  lr: z.number().gt(0),
  /** Largest norm of all gradients together; larger ones are scaled down. 0 switches clipping off. */
  clipNorm: z.number().min(0).default(1),
  /** Decay of an exponential moving average of the weights, e.g. 0.999; it is what evaluation and export use. */
  ema: z.number().gt(0).lt(1).optional(),
};

const withName = <N extends keyof typeof optimizers>(name: N) =>
  optimizers[name].options.extend({ name: z.literal(name), ...optimizerCommon });

const optimizer = z.discriminatedUnion('name', [
  withName('adamw'),
  withName('adam'),
  withName('sgd'),
  withName('lion'),
  withName('adafactor'),
  withName('muon'),
]);

/** How long to train, in optimizer steps or in passes over the data. */
const duration = { steps: count.optional(), epochs: z.number().gt(0).optional() };
const [constant, linear, cosine, wsd] = scheduleOptions.options;
const schedule = z.discriminatedUnion('name', [
  constant.extend(duration),
  linear.extend(duration),
  cosine.extend(duration),
  wsd.extend(duration),
]);

const batch = z.strictObject({
  /**
   * Examples per optimizer step: sequences, pairs or sampled answers. Default: 8, or all answers of a rollout.
   */
  size: count.optional(),
  /** Examples per forward and backward pass; the gradients add up exactly. Default: `size`. */
  micro: count.optional(),
  /** Longest sequence in tokens; longer examples are cut. Default: the model's context. */
  maxLength: count.optional(),
  /** Examples of other data beside a rollout (`data.supervised`, `data.pairwise`) per optimizer step. */
  beside: count.default(8),
  /** Join short sequences into full rows, each attending only to itself. */
  packing: z.boolean().default(false),
  /** Put examples of like length into one step: faster, at some cost in shuffling. */
  groupByLength: z.boolean().default(false),
});

const rollout = z.strictObject({
  /** Prompts per rollout. */
  prompts: count.default(16),
  /** Answers sampled for each prompt: the group. */
  answers: count.default(8),
  /** Passes of the optimizer over each rollout. */
  epochs: count.default(1),
  /** Longest answer in tokens. */
  maxTokens: count.default(128),
  temperature: z.number().gt(0).default(1),
  topK: z.int().min(0).default(0),
  topP: z.number().gt(0).max(1).default(1),
  /**
   * Sample more groups at once than a rollout needs (a share of `extra` more), a segment of tokens at a time; those
   * that are not whole when the rollout is full go on in the next one (Kimi k1.5's partial rollouts).
   */
  partial: z
    .strictObject({
      /** Tokens that are added to every answer before one looks which are whole. */
      segment: count.default(32),
      extra: z.number().min(0).default(0.5),
    })
    .optional(),
  /** Of partial rollouts: most optimizer steps between an answer's first token and its use; older ones are dropped. */
  maxStaleness: z.int().min(0).default(8),
  /**
   * Module file whose default export makes environments for answers in several turns:
   * `(row) => ({ step(text) → { text?, reward?, done? } })`.
   */
  environment: z.string().optional(),
  /** Most turns of the policy in such an answer. */
  turns: count.default(4),
  /** Most tokens of one turn. Default: `maxTokens`. */
  turnTokens: count.optional(),
});

/** A critic, for algorithms that have one. */
const critic = z.strictObject({
  /** Folder it begins with, e.g. a reward model's. Default: the policy's. */
  path: z.string().optional(),
  /** Its learning rate at the schedule's height. Default: `optimizer.lr`. */
  lr: z.number().gt(0).optional(),
});

/** A loop around a loss that learns from data: sample, score, make examples, train. Algorithms may bring their own. */
const rounds = z.strictObject({
  /** Fresh answers for every optimizer step, or for several of them. */
  every: z.enum(['step', 'round']).default('round'),
  /** Optimizer steps of a round. Default: one pass over its examples, times `rollout.epochs`. */
  steps: count.optional(),
  /** Supervised learning (rejection sampling): the best answer of each prompt, or all, of those above `threshold`. */
  select: z.enum(['best', 'all']).default('best'),
  /** Answers with a larger reward are good. */
  threshold: z.number().default(0),
  /** The reference model: that before all training, or that at the round's beginning. Default: as the algorithm says. */
  reference: z.enum(['initial', 'round']).optional(),
  /** Folder of the model that samples. Default: the one that is trained. */
  model: z.string().optional(),
});

/** How contrastive methods make one vector of a text. */
const embedding = z.strictObject({
  /** The mean of its tokens' hidden states, or the last one, which alone has read all of it. Default: `mean`. */
  pooling: z.enum(POOLINGS).optional(),
});

const evaluation = z.strictObject({
  /** Steps between evaluations; one more comes after the last step. 0 switches evaluation off. */
  every: z.int().min(0).default(100),
  /** Most held-out examples to use. Default: all. */
  examples: count.optional(),
  /** Training examples to score as well, without learning from them: how far a run has fitted its data. */
  train: z.int().min(0).default(0),
  /** Examples per forward pass. Default: the training batch's `micro`. */
  micro: count.optional(),
  /** Answers to write to `samples.jsonl` at each evaluation. */
  samples: z.int().min(0).default(4),
  /** Most tokens of a sampled answer. Default: `rollout.maxTokens`. */
  maxTokens: count.optional(),
  /** Of sampled answers; 0 takes the likeliest token. */
  temperature: z.number().min(0).default(0),
});

const checkpoint = z.strictObject({
  /** Steps between checkpoints; one more comes after the last step. */
  every: count.default(100),
  /** How many to keep. */
  keep: count.default(2),
});

const output = z.strictObject({
  /** Folder of the run, relative to the working folder. Default: `runs/<name>`. */
  folder: z.string().optional(),
  /** Steps between lines of `metrics.jsonl` and of the console. */
  logEvery: count.default(1),
});

/** What a recipe may say. Every key has its meaning, its unit and its default beside it. */
export const recipeSchema = z.strictObject({
  /** Default: the file's name. */
  name: z.string().min(1).optional(),
  /** Fixes every random choice: weights, shuffling, dropout, sampling. */
  seed: z.int().min(0).default(0),
  backend: z.enum(['auto', 'onnx', 'tensorflow', 'wasm', 'cpu']).default('auto'),
  model: model.prefault({}),
  adapter: adapter.optional(),
  tokenizer: tokenizer.prefault({}),
  data,
  algorithm: algorithm.prefault({ name: 'sft' }),
  optimizer,
  schedule,
  batch: batch.prefault({}),
  rollout: rollout.prefault({}),
  critic: critic.prefault({}),
  /** The model to learn from, for distillation. */
  teacher: z.strictObject({ path: z.string() }).optional(),
  rounds: rounds.optional(),
  embedding: embedding.optional(),
  rewards: z.array(reward).min(1).optional(),
  evaluation: evaluation.prefault({}),
  checkpoint: checkpoint.prefault({}),
  output: output.prefault({}),
});

/** A validated recipe with every default filled in. */
export type Recipe = z.output<typeof recipeSchema>;
