import type { Features } from './features.ts';

/** Smallest standard deviation that is divided by. */
const FLOOR = 1e-8;

/** What `utteranceCmvn` normalises. */
export interface CmvnOptions {
  /** Divide by the standard deviation as well. Default true. */
  variance?: boolean;
}

/** Features of which every bin has mean 0 (and variance 1) over the clip's own frames. */
export function utteranceCmvn(features: Features, options: CmvnOptions = {}): Features {
  const statistics = new GlobalCmvn(features.bins);
  statistics.add(features);
  return statistics.apply(features, options);
}

/** Sums as JSON: small, and can be added up over files and ranks. */
export interface CmvnState {
  frames: number;
  sum: number[];
  squares: number[];
}

/** Mean and variance of each bin over a corpus, gathered clip by clip, on any number of ranks. */
export class GlobalCmvn {
  readonly bins: number;
  #frames = 0;
  readonly #sum: Float64Array;
  readonly #squares: Float64Array;

  constructor(bins: number) {
    this.bins = bins;
    this.#sum = new Float64Array(bins);
    this.#squares = new Float64Array(bins);
  }

  /** What `state` gave. */
  static from({ frames, sum, squares }: CmvnState): GlobalCmvn {
    const statistics = new GlobalCmvn(sum.length);
    statistics.#frames = frames;
    statistics.#sum.set(sum);
    statistics.#squares.set(squares);
    return statistics;
  }

  /** @throws when the number of bins differs */
  add(features: Features): void {
    this.#check(features.bins);
    const { data, frames, bins } = features;
    for (let t = 0; t < frames; t++)
      for (let bin = 0; bin < bins; bin++) {
        const value = data[t * bins + bin]!;
        this.#sum[bin]! += value;
        this.#squares[bin]! += value * value;
      }
    this.#frames += frames;
  }

  /** Adds what another rank has gathered. */
  merge(other: CmvnState): void {
    this.#check(other.sum.length);
    this.#frames += other.frames;
    for (let bin = 0; bin < this.bins; bin++) {
      this.#sum[bin]! += other.sum[bin]!;
      this.#squares[bin]! += other.squares[bin]!;
    }
  }

  state(): CmvnState {
    return { frames: this.#frames, sum: [...this.#sum], squares: [...this.#squares] };
  }

  get mean(): Float64Array {
    return this.#sum.map((sum) => sum / this.#frames);
  }

  /** Of the population: divided by the number of frames. */
  get standardDeviation(): Float64Array {
    const { mean } = this;
    return this.#squares.map((sum, bin) => Math.sqrt(Math.max(0, sum / this.#frames - mean[bin]! ** 2)));
  }

  /** @throws when nothing was added yet, or the number of bins differs */
  apply(features: Features, { variance = true }: CmvnOptions = {}): Features {
    this.#check(features.bins);
    if (this.#frames === 0) throw new Error('cmvn: no features were added yet');
    const { mean, standardDeviation } = this;
    const { data, bins } = features;
    const normalised = data.map((value, i) => {
      const bin = i % bins;
      return (value - mean[bin]!) / (variance ? Math.max(standardDeviation[bin]!, FLOOR) : 1);
    });
    return { ...features, data: normalised };
  }

  #check(bins: number): void {
    if (bins !== this.bins) throw new Error(`cmvn: expected ${this.bins} bins, found ${bins}`);
  }
}
