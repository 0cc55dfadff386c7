import { type Rank, resolveRank } from './rank.ts';

/** What every sampler of epochs takes. */
export interface EpochSamplerOptions extends Partial<Rank> {
  /** Default 0. */
  seed?: number;
  /**
   * When fewer examples than ranks remain at the end of an epoch: `repeat` (default) gives the other ranks examples
   * from its start once more, `drop` leaves the few out. Either is counted by `tail`.
   */
  tail?: 'repeat' | 'drop';
}

/** Where a sampler stands: plain JSON, a few numbers whatever the dataset's size, the same on every rank. */
export interface EpochSamplerState {
  kind: string;
  epoch: number;
  /** Units (examples, or batches) that all ranks together have been given in this epoch. */
  position: number;
  /** Ranks that this epoch was divided among when it began. */
  dealtTo: number;
  /** What decides the order; it must be the same when continuing. */
  settings: Settings;
}

/** Settings that decide an order. */
export type Settings = Record<string, string | number | boolean>;

/**
 * A walk through epochs, dealt to ranks. All ranks make the same number of steps, no example goes to two of them, and
 * each comes exactly once an epoch. A step is a pure function of (settings, epoch, position), so continuing costs
 * nothing; with another number of ranks the rest of the epoch is dealt anew.
 *
 * A kind of sampler says what its units are: examples of which a rank takes `unitsPerRank` a step, or whole batches.
 */
export abstract class EpochSampler<T = number> {
  readonly rank: number;
  readonly ranks: number;
  protected readonly seed: number;
  readonly #tail: 'repeat' | 'drop';
  #epoch = 0;
  #position = 0;
  #dealtTo: number;

  constructor(options: EpochSamplerOptions = {}) {
    const { rank, ranks } = resolveRank(options);
    this.rank = rank;
    this.ranks = ranks;
    this.seed = options.seed ?? 0;
    this.#tail = options.tail ?? 'repeat';
    this.#dealtTo = ranks;
  }

  /** Name of the kind, for states and errors. */
  protected abstract readonly kind: string;
  /** What decides the order, `seed` apart. */
  protected abstract settings(): Settings;
  /** Units that one rank takes a step. */
  protected abstract readonly unitsPerRank: number;
  /** Units of an epoch that is dealt to this many ranks. */
  protected abstract units(epoch: number, ranks: number): number;
  /** The examples of one unit. */
  protected abstract unit(epoch: number, index: number, ranks: number): readonly T[];

  /** The epoch of the next step, from 0. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Steps that remain in this epoch. */
  get stepsLeft(): number {
    const left = this.units(this.#epoch, this.#dealtTo) - this.#position;
    const perStep = this.ranks * this.unitsPerRank;
    const whole = Math.floor(left / perStep);
    return whole + (left % perStep > 0 && this.#rest(this.#position + whole * perStep).length > 0 ? 1 : 0);
  }

  /** What the last step of this epoch repeats or leaves out, so that ranks stay in step. */
  get tail(): { repeated: number; dropped: number } {
    const perStep = this.ranks * this.unitsPerRank;
    const units = this.units(this.#epoch, this.#dealtTo);
    const left = (units - this.#position) % perStep;
    let examples = 0;
    for (let i = units - left; i < units; i++) examples += this.unit(this.#epoch, i, this.#dealtTo).length;
    if (examples === 0 || examples >= this.ranks) return { repeated: 0, dropped: 0 };
    return this.#tail === 'drop'
      ? { repeated: 0, dropped: examples }
      : { repeated: this.ranks - examples, dropped: 0 };
  }

  /** This rank's next batch; after the last of an epoch, the first of the next. */
  next(): T[] {
    const units = this.units(this.#epoch, this.#dealtTo);
    const perStep = this.ranks * this.unitsPerRank;
    if (units - this.#position >= perStep) {
      const first = this.#position + this.rank * this.unitsPerRank;
      const batch: T[] = [];
      for (let i = 0; i < this.unitsPerRank; i++)
        for (const example of this.unit(this.#epoch, first + i, this.#dealtTo)) batch.push(example);
      this.#advance(perStep, units);
      return batch;
    }
    const rest = this.#rest(this.#position);
    const { length } = rest;
    this.#advance(units, units);
    if (length === 0) return this.next();
    const cut = (rank: number) => Math.floor((rank * length) / this.ranks);
    return rest.slice(cut(this.rank), cut(this.rank + 1));
  }

  /** This rank's batches up to the end of the epoch. */
  *[Symbol.iterator](): Generator<T[]> {
    const { epoch } = this;
    while (this.#epoch === epoch) {
      // A rest that is dropped must not begin the next epoch.
      if (this.stepsLeft === 0) this.#advance(Number.POSITIVE_INFINITY, 0);
      else yield this.next();
    }
  }

  /** Goes to the start of an epoch. */
  setEpoch(epoch: number): void {
    this.#epoch = epoch;
    this.#position = 0;
    this.#dealtTo = this.ranks;
  }

  /** What `restore` needs. */
  state(): EpochSamplerState {
    const settings = { seed: this.seed, ...this.settings() };
    return {
      kind: this.kind,
      epoch: this.#epoch,
      position: this.#position,
      dealtTo: this.#dealtTo,
      settings,
    };
  }

  /**
   * Continues where a state was taken, on any rank, with any number of ranks.
   * @throws when the settings or the data differ, naming the first that does: the order would be another
   */
  restore(state: EpochSamplerState): void {
    if (state.kind !== this.kind)
      throw new Error(`sampler: cannot continue, the state is of a ${state.kind}, this is a ${this.kind}`);
    const own = this.state().settings;
    for (const name of new Set([...Object.keys(own), ...Object.keys(state.settings)]))
      if (own[name] !== state.settings[name])
        throw new Error(
          `${this.kind}: cannot continue, ${name} was ${state.settings[name]} and is now ${own[name]}`,
        );
    this.#epoch = state.epoch;
    this.#position = state.position;
    this.#dealtTo = state.position === 0 ? this.ranks : state.dealtTo;
  }

  #advance(count: number, units: number): void {
    this.#position += count;
    if (this.#position < units) return;
    this.#epoch++;
    this.#position = 0;
    this.#dealtTo = this.ranks;
  }

  /** The examples from a position to the epoch's end, made as many as there are ranks where they are fewer. */
  #rest(position: number): T[] {
    const units = this.units(this.#epoch, this.#dealtTo);
    const rest: T[] = [];
    for (let i = position; i < units; i++) rest.push(...this.unit(this.#epoch, i, this.#dealtTo));
    if (rest.length === 0 || rest.length >= this.ranks) return rest;
    if (this.#tail === 'drop') return [];
    for (let i = 0; rest.length < this.ranks; i = (i + 1) % units)
      rest.push(...this.unit(this.#epoch, i, this.#dealtTo).slice(0, this.ranks - rest.length));
    return rest;
  }
}

/** @throws unless there is an example for every rank */
export function checkExamples(kind: string, length: number, ranks: number): void {
  if (!(Number.isInteger(length) && length > 0))
    throw new Error(`${kind}: there must be examples, found ${length}`);
  if (length < ranks)
    throw new Error(`${kind}: ${ranks} ranks for ${length} examples; every rank needs one, use fewer ranks`);
}

/** @throws unless it is an integer of at least `least` */
export function checkInteger(kind: string, name: string, value: number, least = 1): void {
  if (!(Number.isInteger(value) && value >= least))
    throw new Error(`${kind}: ${name} must be an integer >= ${least}, found ${value}`);
}
