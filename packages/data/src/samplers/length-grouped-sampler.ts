import { permutation } from '../permutation.ts';
import { checkExamples, checkInteger, EpochSampler, type Settings } from './epoch-sampler.ts';
import type { ExampleSamplerOptions } from './example-samplers.ts';
import { fingerprint } from './fingerprint.ts';

/** How `LengthGroupedSampler` groups. */
export interface LengthGroupedSamplerOptions extends Omit<ExampleSamplerOptions, 'length'> {
  /** Length of each example, in any unit. */
  lengths: ArrayLike<number>;
  /** Steps whose examples are sorted together. Default 50. */
  windowSteps?: number;
}

/**
 * Batches of a fixed number of examples of similar length. The epoch's random order is cut into windows; each is sorted
 * by length, its steps come in random order, and the ranks share each step's examples like cards, so that they get
 * nearly the same lengths.
 */
export class LengthGroupedSampler extends EpochSampler {
  protected readonly kind = 'length-grouped sampler';
  protected readonly unitsPerRank = 1;
  readonly #lengths: ArrayLike<number>;
  readonly #batchSize: number;
  readonly #windowSteps: number;
  readonly #fingerprint: number;
  #window: { key: string; order: Uint32Array; steps: (step: number) => number } | undefined;

  constructor({ lengths, batchSize, windowSteps = 50, ...options }: LengthGroupedSamplerOptions) {
    super(options);
    checkExamples(this.kind, lengths.length, this.ranks);
    // With batches of 1 there is nothing to group, and the last of them could not be shared out.
    checkInteger(this.kind, 'batchSize', batchSize, 2);
    checkInteger(this.kind, 'windowSteps', windowSteps);
    this.#lengths = lengths;
    this.#batchSize = batchSize;
    this.#windowSteps = windowSteps;
    this.#fingerprint = fingerprint(lengths);
  }

  protected settings(): Settings {
    return {
      length: this.#lengths.length,
      batchSize: this.#batchSize,
      windowSteps: this.#windowSteps,
      lengths: this.#fingerprint,
    };
  }

  protected units(_epoch: number, ranks: number): number {
    return this.#steps(ranks) * ranks;
  }

  protected unit(epoch: number, index: number, ranks: number): number[] {
    const step = Math.floor(index / ranks);
    const window = Math.floor(step / this.#windowSteps);
    const { order, steps } = this.#load(epoch, window, ranks);
    const first = window * this.#windowSteps;
    const chosen = first + steps(step - first);
    const start = this.#start(first, ranks);
    const batch: number[] = [];
    const end = this.#start(chosen + 1, ranks) - start;
    for (let i = this.#start(chosen, ranks) - start + (index % ranks); i < end; i += ranks)
      batch.push(order[i]!);
    return batch;
  }

  #steps(ranks: number): number {
    return Math.ceil(this.#lengths.length / (ranks * this.#batchSize));
  }

  /** Position in the epoch's order at which a step begins: steps are all of one size, or one less. */
  #start(step: number, ranks: number): number {
    return Math.floor((step * this.#lengths.length) / this.#steps(ranks));
  }

  #load(epoch: number, window: number, ranks: number) {
    const key = `${epoch} ${window} ${ranks}`;
    if (this.#window?.key === key) return this.#window;
    const first = window * this.#windowSteps;
    const count = Math.min(this.#windowSteps, this.#steps(ranks) - first);
    const [from, to] = [this.#start(first, ranks), this.#start(first + count, ranks)];
    const at = permutation(this.#lengths.length, this.seed, epoch);
    const order = Uint32Array.from({ length: to - from }, (_, i) => at(from + i));
    order.sort((a, b) => this.#lengths[a]! - this.#lengths[b]! || a - b);
    // Steps differ in size by one, so their borders in the sorted window are those of the epoch.
    const steps = permutation(count, this.seed ^ 0x51e9, epoch * 2 ** 20 + window);
    this.#window = { key, order, steps };
    return this.#window;
  }
}
