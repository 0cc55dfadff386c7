import type { AnyAlgorithm } from '@attune/algorithms';
import { Sampler, type SamplerState, type TokenSequence } from '@attune/data';
import { type Generation, generate } from '@attune/inference';
import type { CausalLM } from '@attune/models';
import type { CombinedScores } from '@attune/rewards';
import type { Sample } from '../callbacks.ts';
import type { EncodedPrompt, TextCodec } from '../data/encode.ts';
import { alignRows, makeMicroBatches } from '../data/micro-batches.ts';
import { hash } from '../random.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { ScoreAnswers } from '../rewards.ts';
import type { BatchSource, StepBatches } from './batch-source.ts';
import { createLogProbs } from './forward.ts';
import { mean } from './means.ts';
import type { MicroBatch } from './micro-batch.ts';
import { labelLogProbs } from './reference.ts';

/** What rollouts need. */
export interface RolloutOptions {
  model: CausalLM;
  /** The frozen model of algorithms that need one. */
  reference?: CausalLM;
  algorithm: AnyAlgorithm;
  options: unknown;
  codec: TextCodec;
  score: ScoreAnswers;
  rollout: Recipe['rollout'];
  /** Answers per optimizer step. */
  size: number;
  /** Answers per forward pass. */
  micro: number;
  /** Longest prompt and answer together. */
  maxLength: number;
  seed: number;
  /** Answers of each rollout to keep. */
  samples: number;
}

/** An answer, ready to learn from. */
interface ScoredAnswer {
  sequence: TokenSequence;
  /** One number for each label of the sequence, 0 before the answer. */
  oldLogProbs: Float32Array;
  advantages: Float32Array;
  refLogProbs?: Float32Array;
  name: string;
}

/**
 * Batches of the policy's own answers: prompts, a group of answers to each, rewards, advantages, and as many
 * optimizer steps as the rollout has batches, times its epochs. The log-probabilities that sampling recorded are the
 * old policy's: they equal what training computes, so nothing is computed twice.
 * Every draw is a pure function of the seed and the rollout's number.
 */
export class RolloutSource implements BatchSource {
  private readonly prompts: readonly EncodedPrompt[];
  private readonly options: RolloutOptions;
  private readonly sampler: Sampler;
  /** Log-probabilities under the frozen model. */
  private readonly reference: ReturnType<typeof createLogProbs> | undefined;
  private answers: ScoredAnswer[] = [];
  /** Steps that each rollout serves. */
  readonly stepsPerRollout: number;
  private readonly stepsPerEpoch: number;

  constructor(prompts: readonly EncodedPrompt[], options: RolloutOptions) {
    this.prompts = prompts;
    this.options = options;
    const { rollout, size, seed } = options;
    this.reference = options.reference && createLogProbs(options.reference);
    this.stepsPerEpoch = Math.ceil((rollout.prompts * rollout.answers) / size);
    this.stepsPerRollout = this.stepsPerEpoch * rollout.epochs;
    this.sampler = new Sampler({ length: prompts.length, batchSize: rollout.prompts, seed });
  }

  async next(step: number): Promise<StepBatches> {
    const place = step % this.stepsPerRollout;
    const fresh = place === 0 ? await this.sample(step) : { metrics: {}, samples: [] };
    const epoch = Math.floor(place / this.stepsPerEpoch);
    const part = place % this.stepsPerEpoch;
    const order = this.shuffled(step - place, epoch);
    const chosen = order.slice(part * this.options.size, (part + 1) * this.options.size);
    return { batches: this.makeBatches(chosen.map((i) => this.answers[i]!)), ...fresh };
  }

  mayPause(step: number): boolean {
    return step % this.stepsPerRollout === 0;
  }

  state(): SamplerState {
    return this.sampler.state();
  }

  restore(state: unknown): void {
    this.sampler.restore(state as SamplerState);
  }

  dispose(): void {
    this.reference?.dispose();
  }

  /** Answers to the next prompts, with rewards and advantages. */
  private async sample(step: number): Promise<Pick<StepBatches, 'metrics' | 'samples'>> {
    const { model, codec, rollout, score, seed, algorithm, options } = this.options;
    const prompts = this.sampler.next().map((index) => this.prompts[index]!);
    const generations = await generate(
      model,
      prompts.map(({ ids }) => ids),
      {
        n: rollout.answers,
        maxNewTokens: rollout.maxTokens,
        temperature: rollout.temperature,
        topK: rollout.topK,
        topP: rollout.topP,
        stopIds: codec.eosId === undefined ? [] : [codec.eosId],
        tokenizer: codec.generated,
        seed: hash(seed, step, 'rollout'),
      },
    );
    const scores = await score(
      generations.map(({ text }) => text!),
      generations.map(({ prompt }) => prompts[prompt]!.row),
    );
    const { advantages } = algorithm.advantages!(
      {
        rewards: scores.total,
        groupSize: rollout.answers,
        logProbs: generations.map(({ logProbs }) => Float32Array.from(logProbs)),
        maxTokens: rollout.maxTokens,
      },
      options,
    );
    this.answers = generations.map((generation, i) =>
      toAnswer(prompts[generation.prompt]!, generation, advantages[i]!),
    );
    await this.addReference();
    return {
      metrics: { ...rewardMetrics(scores, rollout.answers), ...lengthMetrics(generations) },
      samples: generations.slice(0, this.options.samples).map(
        ({ text, prompt }, i): Sample => ({
          step: step + 1,
          prompt: prompts[prompt]!.text,
          answer: text!,
          reward: scores.total[i],
        }),
      ),
    };
  }

  private async addReference(): Promise<void> {
    if (!this.reference) return;
    const { codec, micro, maxLength } = this.options;
    const sequences = this.answers.map(({ sequence }) => sequence);
    const rows = await labelLogProbs(this.reference, sequences, { padId: codec.padId, micro, maxLength });
    for (const [i, answer] of this.answers.entries()) answer.refLogProbs = rows[i]!;
  }

  /** The order in which an epoch goes through the answers; the first keeps theirs. */
  private shuffled(rollout: number, epoch: number): number[] {
    const indices = this.answers.map((_, i) => i);
    if (epoch === 0 && this.stepsPerEpoch === 1) return indices;
    const { seed } = this.options;
    const keys = indices.map((i) => hash(seed, rollout, epoch, i, 'answers'));
    return indices.sort((a, b) => keys[a]! - keys[b]! || a - b);
  }

  private makeBatches(answers: readonly ScoredAnswer[]): MicroBatch[] {
    const { micro, maxLength, codec } = this.options;
    const bySequence = new Map(answers.map((answer) => [answer.sequence, answer]));
    const examples = answers.map(({ sequence, name }) => ({ sequences: [sequence], name }));
    const settings = { kind: 'supervised', padId: codec.padId, maxLength, micro, packing: false } as const;
    return makeMicroBatches(examples, settings).map(({ rows, ...batch }) => {
      const own = rows.map(([sequence]) => bySequence.get(sequence!)!);
      const aligned = (key: 'oldLogProbs' | 'advantages') =>
        alignRows(
          own.map((answer) => answer[key]),
          batch,
        );
      const refLogProbs =
        own[0]!.refLogProbs &&
        alignRows(
          own.map((answer) => answer.refLogProbs!),
          batch,
        );
      return {
        ...batch,
        rows,
        oldLogProbs: aligned('oldLogProbs'),
        advantages: aligned('advantages'),
        refLogProbs,
      };
    });
  }
}

/** Prompt and answer as one sequence; values of the answer's tokens stand where these are labels. */
function toAnswer(
  { ids, name }: EncodedPrompt,
  generation: Generation,
  advantage: Float32Array,
): ScoredAnswer {
  const length = ids.length + generation.ids.length;
  const sequence = {
    ids: Int32Array.from([...ids, ...generation.ids]),
    mask: new Uint8Array(length).fill(1, ids.length),
  };
  const oldLogProbs = new Float32Array(length - 1);
  oldLogProbs.set(generation.logProbs, ids.length - 1);
  const advantages = new Float32Array(length - 1);
  advantages.set(advantage, ids.length - 1);
  return { sequence, oldLogProbs, advantages, name: `${name}, answer ${generation.sample + 1}` };
}

function rewardMetrics({ total, parts }: CombinedScores, groupSize: number): Record<string, number> {
  const reward = mean(total);
  const groups = Array.from({ length: total.length / groupSize }, (_, i) =>
    total.slice(i * groupSize, (i + 1) * groupSize),
  );
  const metrics: Record<string, number> = {
    reward,
    'reward/std': Math.sqrt(mean(total.map((value) => (value - reward) ** 2))),
    // Groups whose answers all score alike teach nothing.
    'reward/flat-groups': mean(groups.map((group) => (group.every((value) => value === group[0]) ? 1 : 0))),
  };
  for (const [name, values] of Object.entries(parts)) metrics[`reward/${name}`] = mean(values);
  return metrics;
}

function lengthMetrics(generations: readonly Generation[]): Record<string, number> {
  return {
    'answer-tokens': mean(generations.map(({ ids }) => ids.length)),
    'answers-cut': mean(generations.map(({ finishReason }) => (finishReason === 'length' ? 1 : 0))),
  };
}
