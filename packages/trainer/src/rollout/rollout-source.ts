import type { Advantages, AnswerPair, AnyAlgorithm, Rollout } from '@attune/algorithms';
import type { TokenSequence } from '@attune/data';
import type { CausalLM } from '@attune/models';
import { describeFailures } from '@attune/rewards';
import type { Sample } from '../callbacks.ts';
import { alignRows, makeMicroBatches } from '../data/micro-batches.ts';
import { UserError } from '../errors.ts';
import type { BatchSource, StepBatches } from '../loop/batch-source.ts';
import { createLogProbs, createScores, type PlaceNumbers } from '../loop/forward.ts';
import { mean } from '../loop/means.ts';
import type { MicroBatch } from '../loop/micro-batch.ts';
import { labelNumbers } from '../loop/reference.ts';
import { hash } from '../random.ts';
import type { Prefer } from '../sources/judges.ts';
import { attachPairs } from './answer-pairs.ts';
import {
  type Answer,
  type AnswerGroup,
  atLabels,
  fromLabels,
  ownLogProbs,
  type ScoredGroup,
  toSequence,
} from './answers.ts';
import type { BesideSource } from './beside.ts';
import type { Collector, CollectorSettings, CollectorState } from './collector.ts';
import { meanAndSpread } from './metrics.ts';
import { sampleWhole } from './sample-answers.ts';

/** What rollouts need. */
export interface RolloutOptions extends CollectorSettings {
  collector: Collector;
  /** The frozen model of algorithms that need one. */
  reference?: CausalLM;
  /** The model whose values advantages are measured against. */
  critic?: CausalLM;
  /** A judge that compares two answers: what an answer is worth against an opponent's. */
  prefer?: Prefer;
  /** Other data that the loss looks at in each step. */
  beside?: BesideSource;
  algorithm: AnyAlgorithm;
  options: unknown;
  /** Answers per optimizer step. */
  size: number;
  /** Answers per forward pass. */
  micro: number;
  /** Longest prompt and answer together. */
  maxLength: number;
  /** Answers of each rollout to keep. */
  samples: number;
}

/** An answer, ready to learn from. Numbers stand at the labels of its sequence, 0 before the answer. */
interface ReadyAnswer {
  sequence: TokenSequence;
  /** Place of its prompt among those of the rollout. */
  prompt: number;
  name: string;
  keep: boolean;
  oldLogProbs: Float32Array;
  samplerLogProbs?: Float32Array;
  advantages: Float32Array;
  returns?: Float32Array;
  oldValues?: Float32Array;
  refLogProbs?: Float32Array;
}

const TOKEN_NUMBERS = [
  'oldLogProbs',
  'samplerLogProbs',
  'advantages',
  'returns',
  'oldValues',
  'refLogProbs',
] as const;

interface State {
  collector: CollectorState;
  advantages?: unknown;
}

/**
 * Batches of the policy's own answers: prompts, a group of answers to each, rewards, advantages, and as many
 * optimizer steps as the rollout has batches, times its epochs. The log-probabilities that sampling recorded are the
 * old policy's: they equal what training computes, so nothing is computed twice, except for answers that policies of
 * several steps have written. Every draw is a pure function of the seed and the rollout's number.
 */
export class RolloutSource implements BatchSource {
  private readonly options: RolloutOptions;
  private readonly reference: PlaceNumbers | undefined;
  private readonly values: PlaceNumbers | undefined;
  private readonly policy: PlaceNumbers;
  private answers: ReadyAnswer[] = [];
  /** Pairs of answers, by their places, for losses that look at them. */
  private pairs: readonly AnswerPair[] = [];
  /** What the algorithm's advantages keep from rollout to rollout. */
  private kept: unknown;
  /** Steps that each rollout serves. */
  readonly stepsPerRollout: number;
  private readonly stepsPerEpoch: number;

  constructor(options: RolloutOptions) {
    this.options = options;
    const { rollout, size } = options;
    this.reference = options.reference && createLogProbs(options.reference);
    this.values = options.critic && createScores(options.critic);
    this.policy = createLogProbs(options.model);
    this.stepsPerEpoch = Math.ceil((rollout.prompts * rollout.answers) / size);
    this.stepsPerRollout = this.stepsPerEpoch * rollout.epochs;
  }

  async next(step: number): Promise<StepBatches> {
    const place = step % this.stepsPerRollout;
    const scored = this.options.collector.scoringSeconds;
    const fresh = place === 0 ? await this.sample(step) : { metrics: {}, samples: [] };
    const epoch = Math.floor(place / this.stepsPerEpoch);
    const part = place % this.stepsPerEpoch;
    const order = this.shuffled(step - place, epoch);
    const chosen = order.slice(part * this.options.size, (part + 1) * this.options.size);
    const answers = chosen.map((i) => this.answers[i]!).filter(({ keep }) => keep);
    const batches = this.withPairs(this.makeBatches(answers), new Set(chosen));
    return {
      batches: this.options.beside?.attach(batches, step) ?? batches,
      ...fresh,
      scoringSeconds: this.options.collector.scoringSeconds - scored,
    };
  }

  mayPause(step: number): boolean {
    return step % this.stepsPerRollout === 0;
  }

  state(): State {
    return { collector: this.options.collector.state(), advantages: this.kept };
  }

  restore(state: unknown): void {
    const { collector, advantages } = state as State;
    this.options.collector.restore(collector);
    this.kept = advantages;
  }

  dispose(): void {
    for (const numbers of [this.reference, this.values, this.policy]) numbers?.dispose();
  }

  /** Answers to the next prompts, with rewards and advantages. */
  private async sample(step: number): Promise<Pick<StepBatches, 'metrics' | 'samples'>> {
    const { collector, algorithm, options, rollout } = this.options;
    const { refill } = algorithm.needs?.(options) ?? {};
    const { groups, metrics } = await collector.collect(
      step,
      refill && {
        maxRounds: refill.maxRounds,
        usable: async (found) => this.usable(found, (await this.assess(found, step)).found),
      },
    );
    const { flat, rewards, found, values, refRows } = await this.assess(groups, step);
    this.kept = found.state;
    this.pairs = found.pairs ?? [];
    const policyRows = await this.recomputed(flat);
    this.answers = flat.map(({ prompt, group, answer, failed, sequence, logProbs }, i): ReadyAnswer => {
      const at = (numbers: ArrayLike<number>) => atLabels(prompt, answer, numbers);
      return {
        sequence,
        prompt: group,
        name: `${prompt.name}, answer ${answer.sample + 1}`,
        keep: !failed && found.keep?.[i] !== 0,
        oldLogProbs: policyRows.get(i) ?? at(logProbs),
        ...(rollout.partial && { samplerLogProbs: at(logProbs) }),
        advantages: at(found.advantages[i]!),
        ...(found.returns && { returns: at(found.returns[i]!) }),
        ...(values && { oldValues: at(values[i]!) }),
        ...(refRows && { refLogProbs: refRows[i]! }),
      };
    });
    if (this.options.prefer) Object.assign(metrics, preferenceMetrics(flat, rewards));
    const unknown = flat.filter(({ failed }) => failed).length;
    if (unknown > (metrics['reward/failed'] ?? 0)) metrics['reward/failed'] = unknown;
    const left = this.answers.filter(({ keep }) => !keep).length;
    if (left > 0) metrics['rollout/left-out'] = left;
    return { metrics: { ...metrics, ...found.metrics }, samples: this.samplesOf(groups, step) };
  }

  /** What the models and the algorithm make of groups of answers. */
  private async assess(groups: readonly ScoredGroup[], step: number) {
    const { rollout, algorithm, options } = this.options;
    const flat = groups.flatMap(({ prompt, answers, failed }, group) =>
      answers.map((answer, i) => ({
        prompt,
        group,
        answer,
        failed: failed.includes(i),
        sequence: toSequence(prompt, answer),
        logProbs: ownLogProbs(answer),
      })),
    );
    const sequences = flat.map(({ sequence }) => sequence);
    const refRows = await this.rowsOf(this.reference, sequences);
    const valueRows = await this.rowsOf(this.values, sequences);
    const own = (rows: Float32Array[] | undefined) =>
      rows?.map((row, i) => fromLabels(flat[i]!.prompt, flat[i]!.answer, row));
    const values = own(valueRows);
    const refLogProbs = own(refRows);
    const logProbs = flat.map((each) => each.logProbs);
    const { rewards, unjudged } = await this.rewardsOf(groups, step);
    const { greedyRewards, unscored } = await this.greedy(groups, step);
    for (const [i, each] of flat.entries())
      each.failed ||= unjudged.has(i) || unscored.has(Math.floor(i / rollout.answers));
    if (flat.length > 0 && unjudged.size + unscored.size > 0 && flat.every(({ failed }) => failed))
      throw new UserError(
        `none of ${flat.length} answers could be scored: ${[...unjudged.values(), ...unscored.values()][0]}`,
      );
    const found = algorithm.advantages!(
      {
        rewards,
        groupSize: rollout.answers,
        logProbs,
        ...(refLogProbs && { refLogProbs }),
        ...(values && { values }),
        ...(greedyRewards && { greedyRewards }),
        finished: Uint8Array.from(flat, ({ answer }) => (answer.finished ? 1 : 0)),
        maxTokens: rollout.maxTokens,
      } satisfies Rollout,
      options,
      this.kept,
    );
    if (refLogProbs) found.metrics = { 'kl/reference': meanGap(logProbs, refLogProbs), ...found.metrics };
    return { flat, rewards, found, values, refRows };
  }

  /**
   * One reward for each answer. Against an opponent it is the probability of beating its answer: a judge's, or σ of the
   * difference of their scores. `unjudged` names the answers, by place, of which nobody knows, and why.
   */
  private async rewardsOf(
    groups: readonly ScoredGroup[],
    step: number,
  ): Promise<{ rewards: Float32Array; unjudged: Map<number, string> }> {
    const { algorithm, options, collector, reference, seed } = this.options;
    const { opponent } = algorithm.needs?.(options) ?? {};
    const unjudged = new Map<number, string>();
    if (!opponent) return { rewards: Float32Array.from(groups.flatMap(({ rewards }) => rewards)), unjudged };
    const rivals: AnswerGroup[] = groups.map(({ index, prompt }) => ({ index, prompt, answers: [] }));
    const call = { seed: hash(seed, step, 'opponent'), step };
    const mixture = { model: reference!, weight: opponent.mixture };
    await sampleWhole(rivals, this.options, call, { answers: 1, mixture });
    const { prefer } = this.options;
    if (prefer) {
      const verdicts = await Promise.all(
        groups.flatMap((group, g) =>
          group.answers.map(({ text }) => prefer(group, text, rivals[g]!.answers[0]!.text)),
        ),
      );
      const rewards = Float32Array.from(verdicts, (verdict, i) => {
        if ('probability' in verdict) return verdict.probability;
        unjudged.set(i, verdict.failure);
        return 0.5;
      });
      return { rewards, unjudged };
    }
    const scored = await collector.score(rivals);
    let place = 0;
    const rewards = groups.flatMap((group, g) =>
      group.rewards.map((reward) => {
        const rival = scored[g]!;
        if (rival.failed.length > 0) unjudged.set(place, reasonOf(rival));
        place++;
        return 1 / (1 + Math.exp(rival.rewards[0]! - reward));
      }),
    );
    return { rewards: Float32Array.from(rewards), unjudged };
  }

  /** Of which groups an answer is kept. */
  private usable(groups: readonly ScoredGroup[], { keep }: Advantages): boolean[] {
    const { answers } = this.options.rollout;
    return groups.map(
      ({ failed }, g) =>
        !keep ||
        (failed.length < answers && keep.subarray(g * answers, (g + 1) * answers).some((is) => is === 1)),
    );
  }

  /**
   * Rewards of a greedy answer to each prompt, where the algorithm wants them. `unscored` names the groups whose greedy
   * answer could not be scored, and why: without a baseline there is nothing to learn.
   */
  private async greedy(
    groups: readonly ScoredGroup[],
    step: number,
  ): Promise<{ greedyRewards?: Float32Array; unscored: Map<number, string> }> {
    const { algorithm, options, collector, seed } = this.options;
    const unscored = new Map<number, string>();
    if (!algorithm.needs?.(options).greedy) return { unscored };
    const again: AnswerGroup[] = groups.map(({ index, prompt }) => ({ index, prompt, answers: [] }));
    const call = { seed: hash(seed, step, 'greedy'), step };
    await sampleWhole(again, this.options, call, { answers: 1, temperature: 0 });
    const scored = await collector.score(again);
    for (const [g, group] of scored.entries()) if (group.failed.length > 0) unscored.set(g, reasonOf(group));
    return { greedyRewards: Float32Array.from(scored, ({ rewards }) => rewards[0]!), unscored };
  }

  private async rowsOf(numbers: PlaceNumbers | undefined, sequences: readonly TokenSequence[]) {
    const { codec, micro, maxLength } = this.options;
    return numbers && labelNumbers(numbers, sequences, { padId: codec.padId, micro, maxLength });
  }

  /** Log-probabilities under the policy of now, of answers that several policies have written. */
  private async recomputed(
    flat: readonly { answer: Answer; sequence: TokenSequence }[],
  ): Promise<Map<number, Float32Array>> {
    const places = flat.flatMap(({ answer }, i) => (answer.mixed ? [i] : []));
    const numbers = places.length > 0 ? this.policy : undefined;
    const rows = await this.rowsOf(
      numbers,
      places.map((i) => flat[i]!.sequence),
    );
    return new Map(places.map((place, i) => [place, rows![i]!]));
  }

  private samplesOf(groups: readonly ScoredGroup[], step: number): Sample[] {
    const all = groups.flatMap(({ prompt, answers, rewards }) =>
      answers.map(
        ({ text }, i): Sample => ({ step: step + 1, prompt: prompt.text, answer: text, reward: rewards[i] }),
      ),
    );
    return all.slice(0, this.options.samples);
  }

  /** The order in which an epoch goes through the answers; the first keeps theirs. */
  private shuffled(rollout: number, epoch: number): number[] {
    const indices = this.answers.map((_, i) => i);
    if (epoch === 0 && this.stepsPerEpoch === 1) return indices;
    const { seed } = this.options;
    const keys = indices.map((i) => hash(seed, rollout, epoch, i, 'answers'));
    return indices.sort((a, b) => keys[a]! - keys[b]! || a - b);
  }

  /** With the pairs whose chosen answer belongs to this step, so that every epoch sees each pair once. */
  private withPairs(batches: MicroBatch[], places: ReadonlySet<number>): MicroBatch[] {
    const { micro, maxLength, codec } = this.options;
    const pairs = this.pairs
      .filter(({ chosen }) => places.has(chosen))
      .map(({ chosen, rejected }) => ({ chosen: this.answers[chosen]!, rejected: this.answers[rejected]! }))
      .filter(({ chosen, rejected }) => chosen.keep && rejected.keep);
    if (pairs.length === 0) return batches;
    return attachPairs(batches, pairs, { micro, maxLength, padId: codec.padId });
  }

  private makeBatches(answers: readonly ReadyAnswer[]): MicroBatch[] {
    const { micro, maxLength, codec } = this.options;
    const bySequence = new Map(answers.map((answer) => [answer.sequence, answer]));
    const examples = answers.map(({ sequence, name, prompt }) => ({ sequences: [sequence], name, prompt }));
    const settings = { kind: 'supervised', padId: codec.padId, maxLength, micro, packing: false } as const;
    return makeMicroBatches(examples, settings).map((batch) => {
      const own = batch.rows.map(([sequence]) => bySequence.get(sequence!)!);
      for (const key of TOKEN_NUMBERS) {
        if (own[0]![key])
          batch[key] = alignRows(
            own.map((answer) => answer[key]!),
            batch,
          );
      }
      return batch;
    });
  }
}

/** Why an answer of a group could not be scored. */
function reasonOf({ failures }: ScoredGroup): string {
  return describeFailures(failures) || 'the environment failed';
}

/** The rewards that a judge who compares made: probabilities of winning. */
function preferenceMetrics(flat: readonly { failed: boolean }[], rewards: Float32Array) {
  return meanAndSpread([...rewards].filter((_, i) => !flat[i]!.failed));
}

/** Mean over tokens of log π − log π_ref: the k1 estimate of KL(π ‖ π_ref). */
function meanGap(logProbs: readonly Float32Array[], refLogProbs: readonly Float32Array[]): number {
  return mean(logProbs.flatMap((row, i) => [...row].map((value, t) => value - refLogProbs[i]![t]!)));
}
