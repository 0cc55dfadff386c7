import { Sampler, type SamplerState } from '@attune/data';
import type { EncodedExample } from '../data/codec.ts';
import { type BatchOptions, makeMicroBatches } from '../data/micro-batches.ts';
import type { BatchSource, StepBatches } from './batch-source.ts';
import { DistinctSteps } from './distinct.ts';
import type { ReferenceLogProbs } from './reference.ts';

/** Settings of a source over a data set. */
export interface OfflineOptions extends BatchOptions {
  /** Examples per optimizer step. */
  size: number;
  seed: number;
  /** Put examples of like length into one step. */
  groupByLength: boolean;
  /** Let no text stand twice in a step. */
  distinct?: boolean;
}

/** Batches of a data set, every epoch in another order. */
export class OfflineSource implements BatchSource {
  private readonly examples: readonly EncodedExample[];
  private readonly options: OfflineOptions;
  private readonly sampler: Sampler;
  private readonly distinct: DistinctSteps | undefined;

  constructor(examples: readonly EncodedExample[], options: OfflineOptions) {
    this.examples = examples;
    this.options = { ...options };
    this.distinct = options.distinct ? new DistinctSteps(examples) : undefined;
    const lengths = options.groupByLength
      ? examples.map(({ sequences }) => sequences[0]!.ids.length)
      : undefined;
    this.sampler = new Sampler({
      length: examples.length,
      batchSize: options.size,
      seed: options.seed,
      lengths,
    });
  }

  async next(): Promise<StepBatches> {
    const chosen = this.chosen(this.sampler.next()).map((index) => this.examples[index]!);
    return { batches: makeMicroBatches(chosen, this.options), metrics: {}, samples: [] };
  }

  /** From now on batches carry the reference model's log-probabilities. */
  useReference(reference: ReferenceLogProbs): void {
    this.options.reference = reference;
  }

  /** The examples that the first `steps` steps will use. */
  visited(steps: number): EncodedExample[] {
    const indices = new Set<number>();
    for (let step = 0; step < steps && indices.size < this.examples.length; step++) {
      for (const index of this.chosen(this.sampler.at(step))) indices.add(index);
    }
    return [...indices].sort((a, b) => a - b).map((index) => this.examples[index]!);
  }

  private chosen(indices: readonly number[]): readonly number[] {
    return this.distinct?.choose(indices) ?? indices;
  }

  mayPause(): boolean {
    return true;
  }

  state(): SamplerState {
    return this.sampler.state();
  }

  restore(state: unknown): void {
    this.sampler.restore(state as SamplerState);
  }

  dispose(): void {}
}
