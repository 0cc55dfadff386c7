import { Sampler, type SamplerState } from '@attune/data';
import { describeFailures, type Failure } from '@attune/rewards';
import type { EncodedPrompt } from '../data/codec.ts';
import { UserError } from '../errors.ts';
import { mean } from '../loop/means.ts';
import { hash } from '../random.ts';
import type { ScoreAnswers } from '../rewards.ts';
import { type Answer, type AnswerGroup, newAnswer, type ScoredGroup } from './answers.ts';
import { type CreateEnvironment, sampleTurns } from './environment.ts';
import { answerMetrics, rewardMetrics } from './metrics.ts';
import { type SamplingCall, type SamplingSettings, sampleOn, sampleWhole } from './sample-answers.ts';

/** What collecting answers needs. */
export interface CollectorSettings extends SamplingSettings {
  prompts: readonly EncodedPrompt[];
  /** Without one (distillation) every answer is worth 0. */
  score: ScoreAnswers | undefined;
  environment?: CreateEnvironment;
  /** Told when the environment fails for the first time. */
  onNotice?: (message: string) => void;
  /** Answers in place of `rollout.answers` from the policy: adds them to the groups. */
  write?: (groups: readonly AnswerGroup[], call: SamplingCall) => Promise<void>;
  seed: number;
}

/** Sampling again in the place of groups that teach nothing. */
export interface Refill {
  maxRounds: number;
  usable(groups: readonly ScoredGroup[]): Promise<boolean[]>;
}

/** A rollout's answers, and what is to be logged of them. */
export interface Collected {
  groups: ScoredGroup[];
  metrics: Record<string, number>;
}

/** What a checkpoint keeps: where the prompts stand, answers that are on their way or wait, and what was counted. */
export interface CollectorState {
  sampler: SamplerState;
  waiting: { index: number; answers: Answer[] }[];
  hopeless?: number;
}

/** So many prompts in a row of which no answer can be scored are no bad samples any more. */
const HOPELESS = 4;

/**
 * Collects groups of answers until a rollout is full.
 *
 * - Plainly: one group to each of the next prompts.
 * - With `refill` (`needs.refill`): groups that teach nothing make room for others (DAPO, arXiv 2503.14476, section
 *   3.2), for at most so many rounds; then the rollout is as full as it is.
 * - `rollout.partial`: more groups than needed are sampled at once, a segment of tokens at a time; when enough are
 *   whole, the others wait and go on in the next rollout (Kimi k1.5, arXiv 2501.12599, section 2.6.2).
 *   `rollout.maxStaleness` bounds how old the policy may be that began them.
 *
 * Every draw is a pure function of the seed, the step and the round.
 */
export class Collector {
  private readonly settings: CollectorSettings;
  private readonly sampler: Sampler;
  /** Spent on scoring so far. */
  scoringSeconds = 0;
  /** Groups that were begun and not used, with `rollout.partial`. */
  private waiting: AnswerGroup[] = [];
  /** Whether a failure of the environment was told. */
  private told = false;
  /** Prompts in a row of which no answer could be scored. */
  private hopeless = 0;

  constructor(settings: CollectorSettings) {
    this.settings = settings;
    const { prompts, rollout, seed } = settings;
    this.sampler = new Sampler({ length: prompts.length, batchSize: rollout.prompts, seed });
  }

  /**
   * The groups of one rollout, at most `rollout.prompts`.
   * @param step optimizer steps taken
   * @param refill says of which groups something is learned, and how often others may be sampled for those that teach
   *   nothing. Default: all are used
   */
  async collect(step: number, refill?: Refill): Promise<Collected> {
    const { rollout } = this.settings;
    const wanted = rollout.prompts;
    const stale = this.dropStale(step);
    const useful: ScoredGroup[] = [];
    const all: ScoredGroup[] = [];
    let rounds = 0;
    while (useful.length < wanted && rounds < (refill?.maxRounds ?? 1)) {
      const whole = await this.round(this.callOf(step, rounds++), wanted - useful.length);
      const groups = await this.score(whole);
      all.push(...groups);
      const use = await refill?.usable(groups);
      useful.push(...groups.filter((_, i) => use?.[i] ?? true));
    }
    this.countFailed(all);
    // When nothing is useful the algorithm sees that for itself.
    const groups = (useful.length > 0 ? useful : all).slice(0, wanted);
    const metrics = { ...rewardMetrics(all), ...answerMetrics(all) };
    if (refill) {
      metrics['rollout/rounds'] = rounds;
      metrics['rollout/unfilled'] = Math.max(0, wanted - useful.length);
    }
    if (rollout.partial) {
      const ages = groups.flatMap(({ answers }) => answers.map(({ born }) => step - born));
      metrics.staleness = mean(ages);
      metrics['staleness/max'] = Math.max(...ages);
      metrics['rollout/waiting'] = this.waiting.length;
      metrics['rollout/stale'] = stale;
    }
    return { groups, metrics };
  }

  state(): CollectorState {
    return {
      sampler: this.sampler.state(),
      waiting: this.waiting.map(({ index, answers }) => ({ index, answers })),
      hopeless: this.hopeless,
    };
  }

  restore({ sampler, waiting, hopeless = 0 }: CollectorState): void {
    this.hopeless = hopeless;
    this.sampler.restore(sampler);
    const { prompts } = this.settings;
    this.waiting = waiting.map(({ index, answers }) => ({ index, prompt: prompts[index]!, answers }));
  }

  /** Scores groups; one whose scoring failed in part keeps its place, and says where. */
  async score(groups: readonly AnswerGroup[]): Promise<ScoredGroup[]> {
    const items = groups.flatMap(({ prompt, answers }) =>
      answers.map(({ text, ids, finished }) => ({
        text,
        row: prompt.row,
        ids: [...prompt.ids, ...ids],
        answerIds: ids,
        finished,
      })),
    );
    const start = performance.now();
    const scores = await this.settings.score?.(items);
    this.scoringSeconds += (performance.now() - start) / 1000;
    let at = 0;
    return groups.map((group) => {
      const from = at;
      at += group.answers.length;
      const places = group.answers.map((_, i) => i);
      const extras = group.answers.map(({ extra }) => extra);
      const failed = places.filter((i) => scores?.scored[from + i] === 0 || !Number.isFinite(extras[i]!));
      // What could not be scored stands at its group's mean: it neither helps nor hurts the others.
      const known = extras.filter(Number.isFinite);
      const neutral = known.length > 0 ? mean(known) : 0;
      const rewards = places.map((i) => {
        const extra = Number.isFinite(extras[i]!) ? extras[i]! : neutral;
        return (scores?.total[from + i] ?? 0) + extra;
      });
      const parts = Object.fromEntries(
        Object.entries(scores?.parts ?? {}).map(([name, values]) => [
          name,
          places.map((i) => values[from + i]!),
        ]),
      );
      if (this.settings.environment) parts.environment = extras;
      const failures = [
        ...(scores?.failures.filter(({ index }) => index >= from && index < at) ?? []),
        ...this.environmentFailures(group, from),
      ];
      return { ...group, rewards, parts, failed, failures };
    });
  }

  /** Answers whose environment threw, or rewarded with no number. The first is told. */
  private environmentFailures({ answers }: AnswerGroup, from: number): Failure[] {
    const failures = answers.flatMap(({ extra, problem }, i): Failure[] => {
      if (Number.isFinite(extra)) return [];
      const message = problem ?? `a reward must be a finite number, found ${extra}`;
      const kind = problem === undefined ? 'not-finite' : 'threw';
      return [{ reward: 'environment', index: from + i, kind, message }];
    });
    const [first] = failures;
    if (first && !this.told) {
      this.told = true;
      const shown = first.message.split('\n')[0]!.slice(0, 300);
      this.settings.onNotice?.(`the environment failed in an answer (${first.kind}): ${shown}`);
    }
    return failures;
  }

  /** Groups to the next prompts, without answers yet. */
  private begin(): AnswerGroup[] {
    return this.sampler
      .next()
      .map((index) => ({ index, prompt: this.settings.prompts[index]!, answers: [] }));
  }

  /** One round of sampling. @returns groups whose answers are all whole */
  private async round(call: SamplingCall, wanted: number): Promise<AnswerGroup[]> {
    const { rollout, environment, write } = this.settings;
    if (rollout.partial) return this.partialRound(call, wanted);
    const groups = this.begin();
    if (write) await write(groups, call);
    else if (environment) await sampleTurns(groups, this.settings, call, environment);
    else await sampleWhole(groups, this.settings, call);
    return groups;
  }

  private async partialRound(call: SamplingCall, wanted: number): Promise<AnswerGroup[]> {
    const { rollout, seed } = this.settings;
    const { segment, extra } = rollout.partial!;
    const flight = Math.ceil(rollout.prompts * (1 + extra));
    while (this.waiting.length < flight) {
      for (const group of this.begin()) {
        group.answers = Array.from({ length: rollout.answers }, (_, sample) => newAnswer(sample, call.step));
        this.waiting.push(group);
      }
    }
    const whole = ({ answers }: AnswerGroup) => answers.every(({ done }) => done);
    for (let part = 0; this.waiting.filter(whole).length < wanted; part++) {
      const running = this.waiting.slice(0, flight);
      await sampleOn(
        running,
        this.settings,
        { ...call, seed: hash(seed, call.seed, part, 'segment') },
        segment,
      );
    }
    const ready = this.waiting.filter(whole).slice(0, wanted);
    this.waiting = this.waiting.filter((group) => !ready.includes(group));
    return ready;
  }

  /** Leaves out what policies of too long ago have begun. @returns how many groups */
  private dropStale(step: number): number {
    const { maxStaleness } = this.settings.rollout;
    const before = this.waiting.length;
    this.waiting = this.waiting.filter(({ answers }) =>
      answers.every(({ born }) => step - born <= maxStaleness),
    );
    return before - this.waiting.length;
  }

  /**
   * One bad answer is skipped, and so are all answers to a bad prompt; when prompt after prompt fails, something else is
   * wrong.
   */
  private countFailed(groups: readonly ScoredGroup[]): void {
    const answers = groups.reduce((sum, { rewards }) => sum + rewards.length, 0);
    const failed = groups.reduce((sum, group) => sum + group.failed.length, 0);
    this.hopeless = failed === answers ? this.hopeless + groups.length : 0;
    if (this.hopeless < HOPELESS) return;
    const reason = describeFailures(groups.flatMap(({ failures }) => failures)) || 'the environment failed';
    throw new UserError(`none of ${answers} answers could be scored: ${reason}`);
  }

  private callOf(step: number, round: number): SamplingCall {
    const { seed } = this.settings;
    return { step, seed: round === 0 ? hash(seed, step, 'rollout') : hash(seed, step, 'rollout', round) };
  }
}
