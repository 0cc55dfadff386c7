import {
  type AnyAlgorithm,
  type JudgedAnswers,
  type RoundExamples,
  type Rounds,
  winRates,
} from '@attune/algorithms';
import type { TokenSequence } from '@attune/data';
import type { CausalLM } from '@attune/models';
import type { Sample } from '../callbacks.ts';
import type { EncodedExample } from '../data/codec.ts';
import { addContrasts, type Contrasts } from '../data/contrasts.ts';
import type { OfflineKind } from '../data/encode-examples.ts';
import { alignRows, type BatchOptions, makeMicroBatches } from '../data/micro-batches.ts';
import { UserError } from '../errors.ts';
import type { BatchSource, StepBatches } from '../loop/batch-source.ts';
import { createLogProbs, type PlaceNumbers } from '../loop/forward.ts';
import type { MicroBatch } from '../loop/micro-batch.ts';
import { labelNumbers, type ReferenceLogProbs } from '../loop/reference.ts';
import { hash } from '../random.ts';
import type { Compared } from '../sources/judges.ts';
import { atLabels, ownLogProbs, type ScoredGroup, toSequence } from './answers.ts';
import type { Collector, CollectorState } from './collector.ts';

/** What rounds need. */
export interface RoundsOptions {
  collector: Collector;
  algorithm: AnyAlgorithm;
  /** How answers become examples, and whose log-probabilities are the reference's. */
  rounds: Pick<Rounds, 'reference'> & {
    examples(
      judged: JudgedAnswers,
    ): readonly RoundExamples['pairwise' | 'unpaired' | 'supervised' | 'listwise'][];
  };
  /** Probabilities that answers beat each other, from a judge that compares. */
  prefer?: (group: ScoredGroup) => Promise<Compared>;
  model: CausalLM;
  /** The model before all training, for algorithms that need a reference. */
  reference?: CausalLM;
  needsReference: boolean;
  contrasts: Contrasts;
  kind: OfflineKind;
  layout: BatchOptions;
  /** Examples per optimizer step; all that a round gave when undefined. */
  size: number | undefined;
  /** Fewest examples that a step may have. */
  least: number;
  /** Optimizer steps that each round serves. */
  steps: number;
  seed: number;
  /** Answers of each round to keep. */
  samples: number;
}

/**
 * A loop around a loss: sample, score, make examples, train, again and again. A round that gives no example (all
 * answers equally good) is skipped and counted. Every draw is a pure function of the seed and the round.
 */
export class RoundsSource implements BatchSource {
  private readonly options: RoundsOptions;
  private readonly logProbs: PlaceNumbers | undefined;
  private examples: EncodedExample[] = [];
  private reference: ReferenceLogProbs | undefined;
  /** Log-probabilities that sampling recorded, of the policy's own answers. */
  private recorded = new Map<TokenSequence, Float32Array>();

  constructor(options: RoundsOptions) {
    this.options = options;
    const { rounds, model, reference, needsReference } = options;
    this.logProbs = needsReference
      ? createLogProbs(rounds.reference === 'round' ? model : reference!)
      : undefined;
  }

  async next(step: number): Promise<StepBatches> {
    const { steps, layout } = this.options;
    const place = step % steps;
    const scored = this.options.collector.scoringSeconds;
    const fresh = place === 0 ? await this.begin(step) : { metrics: {}, samples: [] };
    const chosen = this.choose(step - place, place, this.options.size ?? this.examples.length);
    const batches =
      chosen.length === 0 ? [] : makeMicroBatches(chosen, { ...layout, reference: this.reference });
    return {
      batches: this.withOldLogProbs(batches),
      ...fresh,
      scoringSeconds: this.options.collector.scoringSeconds - scored,
    };
  }

  mayPause(step: number): boolean {
    return step % this.options.steps === 0;
  }

  state(): CollectorState {
    return this.options.collector.state();
  }

  restore(state: unknown): void {
    this.options.collector.restore(state as CollectorState);
  }

  dispose(): void {
    this.logProbs?.dispose();
  }

  /** Samples, scores and makes examples. */
  private async begin(step: number): Promise<Pick<StepBatches, 'metrics' | 'samples'>> {
    const { collector, contrasts, layout, samples } = this.options;
    const { groups, metrics } = await collector.collect(step);
    this.recorded = new Map();
    const found: EncodedExample[] = [];
    let ties = 0;
    const unjudged: string[] = [];
    let judged = 0;
    for (const group of groups) {
      const own = await this.examplesOf(group, unjudged);
      if (own.length === 0) ties++;
      judged += group.answers.length - group.failed.length;
      found.push(...own);
    }
    if (judged > 0 && unjudged.length === judged)
      throw new UserError(`none of ${judged} answers could be compared: ${unjudged[0]}`);
    if (unjudged.length > 0) metrics['round/unjudged'] = unjudged.length;
    const contrasted = contrasts.mismatched || contrasts.corrupted;
    this.examples = contrasted && found.length > 0 ? addContrasts(found, contrasts, layout.maxLength) : found;
    await this.findReference();
    const texts = groups.flatMap(({ prompt, answers, rewards }) =>
      answers.map(
        ({ text }, i): Sample => ({ step: step + 1, prompt: prompt.text, answer: text, reward: rewards[i] }),
      ),
    );
    return {
      metrics: { ...metrics, 'round/examples': found.length, 'round/no-example': ties },
      samples: texts.slice(0, samples),
    };
  }

  /** @param unjudged told why, for each answer that a judge who compares could not place */
  private async examplesOf(group: ScoredGroup, unjudged: string[]): Promise<EncodedExample[]> {
    const { rounds, prefer, kind } = this.options;
    let places = group.answers.map((_, i) => i).filter((i) => !group.failed.includes(i));
    const compared = await prefer?.({ ...group, answers: places.map((i) => group.answers[i]!) });
    if (compared) {
      // One answer alone has been compared with none.
      const kept = compared.places.length > 1 ? compared.places.map((at) => places[at]!) : [];
      if (compared.failures.length > 0)
        unjudged.push(...places.slice(kept.length).map(() => compared.failures[0]!));
      if (kept.length === 0) return [];
      places = kept;
    }
    const answers = places.map((i) => group.answers[i]!);
    const preferences = compared?.preferences;
    const scores = preferences
      ? winRates({ scores: new Float32Array(answers.length), preferences, from: [] })
      : Float32Array.from(places, (i) => group.rewards[i]!);
    const judged: JudgedAnswers = {
      from: answers.map(({ from }) => from),
      scores,
      ...(preferences && { preferences }),
    };
    const sequence = (place: number) => toSequence(group.prompt, answers[place]!);
    const name = group.prompt.name;
    return rounds.examples(judged).map((example): EncodedExample => {
      switch (kind) {
        case 'pairwise': {
          const { chosen, rejected, margin, chosenFromReference } = example as RoundExamples['pairwise'];
          return {
            name,
            sequences: [sequence(chosen), sequence(rejected)],
            ...(margin !== undefined && { margin }),
            ...(chosenFromReference !== undefined && { chosenFromReference }),
          };
        }
        case 'listwise': {
          const { answers: places, ratings } = example as RoundExamples['listwise'];
          return { name, sequences: places.map(sequence), ratings };
        }
        case 'unpaired': {
          const { answer, desirable } = example as RoundExamples['unpaired'];
          return { name, sequences: [sequence(answer)], desirable };
        }
        default: {
          const place = (example as RoundExamples['supervised']).answer;
          const own = sequence(place);
          const answer = answers[place]!;
          if (kind === 'distillation' && answer.from === 'policy')
            this.recorded.set(own, atLabels(group.prompt, answer, ownLogProbs(answer)));
          return { name, sequences: [own] };
        }
      }
    });
  }

  /** The reference's log-probabilities of the round's examples. */
  private async findReference(): Promise<void> {
    if (!this.logProbs || this.examples.length === 0) return;
    const { padId, maxLength, micro } = this.options.layout;
    const sequences = this.examples.flatMap((example) => example.sequences);
    const rows = await labelNumbers(this.logProbs, sequences, { padId, maxLength, micro });
    const known = new Map(sequences.map((sequence, i) => [sequence, rows[i]!]));
    this.reference = (example) => example.sequences.map((sequence) => known.get(sequence)!);
  }

  /** What sampling recorded, for distillation from answers that are all the policy's own. */
  private withOldLogProbs(batches: MicroBatch[]): MicroBatch[] {
    if (this.options.kind !== 'distillation') return batches;
    return batches.map((batch) => {
      const rows = batch.rows.map(([sequence]) => this.recorded.get(sequence!));
      const known = rows.filter((row) => row !== undefined);
      return known.length < rows.length ? batch : { ...batch, oldLogProbs: alignRows(known, batch) };
    });
  }

  /** The examples of a step: pass after pass over the round's, each in an order of its own. */
  private choose(round: number, place: number, size: number): EncodedExample[] {
    const { length } = this.examples;
    const taken = Math.min(size, length);
    if (taken < this.options.least) return [];
    const orders = new Map<number, number[]>();
    return Array.from({ length: taken }, (_, i) => {
      const at = place * taken + i;
      const pass = Math.floor(at / length);
      const order = orders.get(pass) ?? this.order(round, pass);
      orders.set(pass, order);
      return this.examples[order[at % length]!]!;
    });
  }

  private order(round: number, pass: number): number[] {
    const { seed } = this.options;
    const keys = this.examples.map((_, i) => hash(seed, round, pass, i, 'round'));
    return this.examples.map((_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b);
  }
}
