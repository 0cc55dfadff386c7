import { mix, permutation } from '../permutation.ts';
import { AliasTable } from './alias-table.ts';
import {
  checkExamples,
  checkInteger,
  EpochSampler,
  type EpochSamplerOptions,
  type Settings,
} from './epoch-sampler.ts';

/** Options of samplers whose batches have a fixed number of examples. */
export interface ExampleSamplerOptions extends EpochSamplerOptions {
  /** Number of examples. */
  length: number;
  /** Examples a batch, on each rank. */
  batchSize: number;
}

abstract class ExampleSampler extends EpochSampler {
  protected readonly length: number;
  readonly #batchSize: number;

  constructor(kind: string, options: ExampleSamplerOptions) {
    super(options);
    checkExamples(kind, options.length, this.ranks);
    checkInteger(kind, 'batchSize', options.batchSize);
    this.length = options.length;
    this.#batchSize = options.batchSize;
  }

  protected settings(): Settings {
    return { length: this.length, batchSize: this.#batchSize };
  }

  protected get unitsPerRank(): number {
    return this.#batchSize;
  }

  protected units(_epoch: number): number {
    return this.length;
  }

  protected unit(epoch: number, index: number): readonly number[] {
    return [this.at(epoch, index)];
  }

  /** The example at a position of an epoch. */
  abstract at(epoch: number, position: number): number;
}

/** The examples in their order, the same in every epoch. */
export class SequentialSampler extends ExampleSampler {
  protected readonly kind = 'sequential sampler';

  constructor(options: Omit<ExampleSamplerOptions, 'seed'>) {
    super('sequential sampler', options);
  }

  at(_epoch: number, position: number): number {
    return position;
  }
}

/** All examples in random order, another in each epoch; needs no memory. */
export class RandomSampler extends ExampleSampler {
  protected readonly kind = 'random sampler';
  #order: { epoch: number; at: (position: number) => number } | undefined;

  constructor(options: ExampleSamplerOptions) {
    super('random sampler', options);
  }

  at(epoch: number, position: number): number {
    if (this.#order?.epoch !== epoch) this.#order = { epoch, at: permutation(this.length, this.seed, epoch) };
    return this.#order.at(position);
  }
}

/** How `WeightedSampler` draws. */
export interface WeightedSamplerOptions extends Omit<ExampleSamplerOptions, 'length'> {
  /** How likely each example is, relative to the others; not negative, not all 0. */
  weights: ArrayLike<number>;
  /** Draws an epoch. Default: the number of examples (without replacement: of those with a weight above 0). */
  draws?: number;
  /**
   * Default true: every draw is from all examples. False: no example comes twice an epoch, heavy ones come early
   * (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006); sorts once an epoch.
   */
  replacement?: boolean;
}

/** Examples by weight. With replacement a draw costs O(1) (Walker's alias method). */
export class WeightedSampler extends ExampleSampler {
  protected readonly kind = 'weighted sampler';
  readonly #weights: ArrayLike<number>;
  readonly #table: AliasTable | undefined;
  readonly #fingerprint: number;
  #order: { epoch: number; examples: Uint32Array } | undefined;

  /** @throws when a weight is negative or no number, or there are fewer examples than draws without replacement */
  constructor({ weights, draws, replacement = true, ...options }: WeightedSamplerOptions) {
    let positive = 0;
    let fingerprint = 0;
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i]!;
      if (!(weight >= 0 && Number.isFinite(weight)))
        throw new Error(`weighted sampler: weight ${i} must be a number >= 0, found ${weight}`);
      if (weight > 0) positive++;
      fingerprint = mix(mix(fingerprint, Math.floor(weight)), Math.floor((weight % 1) * 2 ** 32));
    }
    if (positive === 0) throw new Error('weighted sampler: a weight must be above 0, found none');
    const length = draws ?? (replacement ? weights.length : positive);
    if (!replacement && length > positive)
      throw new Error(
        `weighted sampler: draws must be at most ${positive}, the examples of weight above 0, found ${length}`,
      );
    super('weighted sampler', { ...options, length });
    this.#weights = weights;
    this.#fingerprint = fingerprint;
    if (replacement) this.#table = new AliasTable(weights);
  }

  protected override settings(): Settings {
    const replacement = this.#table !== undefined;
    return { ...super.settings(), replacement, weights: this.#fingerprint };
  }

  at(epoch: number, position: number): number {
    if (this.#table) {
      const key = mix(mix(mix(0x7e16, this.seed), epoch), position);
      return this.#table.draw(key / 2 ** 32, mix(key, 1) / 2 ** 32);
    }
    if (this.#order?.epoch !== epoch) this.#order = { epoch, examples: this.#sort(epoch) };
    return this.#order.examples[position]!;
  }

  /** Examples by an exponential variate over their weight: the smallest first. */
  #sort(epoch: number): Uint32Array {
    const keys = new Float64Array(this.#weights.length);
    const key = mix(mix(0xe5e5, this.seed), epoch);
    for (let i = 0; i < keys.length; i++)
      keys[i] = -Math.log((mix(key, i) + 0.5) / 2 ** 32) / this.#weights[i]!;
    return Uint32Array.from(keys.keys()).sort((a, b) => keys[a]! - keys[b]! || a - b);
  }
}

/** Which order `DistributedSampler` deals. */
export interface DistributedSamplerOptions extends Omit<ExampleSamplerOptions, 'seed'> {
  /** The example at a position of an epoch: a pure function, the same on every rank. */
  order: (epoch: number, position: number) => number;
  /** Says which order it is, so that a state of another is refused. */
  name: string;
}

/** Deals an order of the caller's own to the ranks: equally many batches, none twice, exact to resume. */
export class DistributedSampler extends ExampleSampler {
  protected readonly kind = 'distributed sampler';
  readonly #order: (epoch: number, position: number) => number;
  readonly #name: string;

  constructor({ order, name, ...options }: DistributedSamplerOptions) {
    super('distributed sampler', options);
    this.#order = order;
    this.#name = name;
  }

  protected override settings(): Settings {
    return { ...super.settings(), order: this.#name };
  }

  at(epoch: number, position: number): number {
    return this.#order(epoch, position);
  }
}
