import { permutation } from './permutation.ts';

/** How a sampler walks a dataset. */
export interface SamplerOptions {
  /** Number of examples. */
  length: number;
  /** Examples a batch. */
  batchSize: number;
  /** Default 0. */
  seed?: number;
  /** Default true. */
  shuffle?: boolean;
  /**
   * Length of each example. When given, batches hold examples of similar length: windows of 50 batches are sorted by
   * length, and their batches come in random order.
   */
  lengths?: ArrayLike<number>;
}

/** Where a sampler stands: plain JSON, a few numbers whatever the dataset's size. */
export interface SamplerState {
  /** Batches given out. */
  batch: number;
  /** The settings that decide the order; they must be the same when continuing. */
  length: number;
  batchSize: number;
  seed: number;
  shuffle: boolean;
  grouped: boolean;
}

/** Batches that one window of length grouping sorts. */
const WINDOW_BATCHES = 50;

/**
 * Endless batches of indices, epoch after epoch, each epoch in a new global order. An epoch whose length is no multiple
 * of the batch size runs on into the next one, so every batch is full and every example comes once an epoch.
 *
 * Batch number b is a pure function of the settings: continuing costs nothing and repeats the order exactly.
 */
export class Sampler {
  readonly #options: Required<Omit<SamplerOptions, 'lengths'>>;
  readonly #lengths: ArrayLike<number> | undefined;
  #batch = 0;
  /** The epoch and the window used last: neighbours in the walk use the same. */
  #epoch: { number: number; order: (position: number) => number } | undefined;
  #window: { number: number; batches: number[][] } | undefined;

  /** @throws when the dataset is empty or the batch size no positive integer */
  constructor({ length, batchSize, seed = 0, shuffle = true, lengths }: SamplerOptions) {
    if (!(Number.isInteger(length) && length > 0))
      throw new Error(`sampler: the dataset must have rows, found ${length}`);
    if (!(Number.isInteger(batchSize) && batchSize > 0))
      throw new Error(`sampler: batchSize must be an integer > 0, found ${batchSize}`);
    if (lengths && lengths.length !== length)
      throw new Error(`sampler: lengths must have ${length} entries, found ${lengths.length}`);
    this.#options = { length, batchSize, seed, shuffle };
    this.#lengths = lengths;
  }

  /** The indices of the next batch. */
  next(): number[] {
    return this.at(this.#batch++);
  }

  /** The indices of batch number `batch`, from 0, without moving. */
  at(batch: number): number[] {
    const { batchSize } = this.#options;
    if (!this.#lengths)
      return Array.from({ length: batchSize }, (_, i) => this.#index(batch * batchSize + i));
    const window = Math.floor(batch / WINDOW_BATCHES);
    if (this.#window?.number !== window)
      this.#window = { number: window, batches: this.#group(window, this.#lengths) };
    return this.#window.batches[batch % WINDOW_BATCHES]!;
  }

  /** Epochs given out, as a fraction. */
  get epoch(): number {
    return (this.#batch * this.#options.batchSize) / this.#options.length;
  }

  /** What `restore` needs. */
  state(): SamplerState {
    return { batch: this.#batch, ...this.#options, grouped: this.#lengths !== undefined };
  }

  /**
   * Continues where the state was taken.
   * @throws when the settings differ, naming the first that does: the order would not be the one interrupted
   */
  restore(state: SamplerState): void {
    const own = this.state();
    for (const name of ['length', 'batchSize', 'seed', 'shuffle', 'grouped'] as const) {
      if (own[name] !== state[name])
        throw new Error(`sampler: cannot continue, ${name} was ${state[name]} and is now ${own[name]}`);
    }
    this.#batch = state.batch;
  }

  /** The example at a position of the endless walk. */
  #index(position: number): number {
    const { length, seed, shuffle } = this.#options;
    const number = Math.floor(position / length);
    if (!shuffle) return position % length;
    if (this.#epoch?.number !== number) this.#epoch = { number, order: permutation(length, seed, number) };
    return this.#epoch.order(position % length);
  }

  #group(window: number, lengths: ArrayLike<number>): number[][] {
    const { batchSize, seed, shuffle } = this.#options;
    const size = WINDOW_BATCHES * batchSize;
    const indices = Array.from({ length: size }, (_, i) => this.#index(window * size + i));
    indices.sort((a, b) => lengths[a]! - lengths[b]! || a - b);
    // Streams below zero are no epoch's.
    const order = shuffle ? permutation(WINDOW_BATCHES, seed, -1 - window) : (i: number) => i;
    return Array.from({ length: WINDOW_BATCHES }, (_, i) => {
      const batch = order(i);
      return indices.slice(batch * batchSize, (batch + 1) * batchSize);
    });
  }
}
