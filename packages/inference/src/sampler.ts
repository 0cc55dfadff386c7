import type { ResolvedSampling } from './sampling-options.ts';

/** Weights that are not yet divided by their sum. */
type Weights = Float32Array | Float64Array;

/** A token with its log-probability under the model. */
export interface TokenLogProb {
  id: number;
  logProb: number;
}

/**
 * Draws tokens from rows of logits. One sampler serves any number of sequences; it owns only scratch memory.
 * `samplingDistribution` says in plain words what is drawn from.
 *
 * The log-probabilities are those of the model itself: softmax at temperature 1 over all tokens, summed in float64,
 * before penalties and cuts.
 */
export class Sampler {
  /** exp(logit − max) of the row at hand, at the model's own temperature. */
  private weights: Weights;
  private readonly own: Float64Array;
  /** The same at the sampling temperature. */
  private readonly tempered: Float64Array;
  private readonly candidates: Uint32Array;
  private readonly sorted: Float64Array;
  private logits: Float32Array = new Float32Array(0);
  private max = 0;
  /** Of the weights. */
  private total = 0;
  private logSum = 0;

  constructor(vocabSize: number) {
    this.own = new Float64Array(vocabSize);
    this.weights = this.own;
    this.tempered = new Float64Array(vocabSize);
    this.candidates = new Uint32Array(vocabSize);
    this.sorted = new Float64Array(vocabSize);
  }

  /**
   * Takes one row of the model's logits and computes its normaliser.
   *
   * @param logits `[vocab]`; read until the next call, never written
   * @param weights exp(logit − largest logit), `[vocab]`, if somebody has computed them: a whole batch at once is
   *   many times faster than one number after another here
   * @throws Error when a logit is NaN or +Infinity, or all are −Infinity
   */
  read(logits: Float32Array, weights?: Float32Array): void {
    this.logits = logits;
    this.max = maximum(logits);
    const { max, own } = this;
    if (!weights) for (let i = 0; i < logits.length; i++) own[i] = Math.exp(logits[i]! - max);
    this.weights = weights ?? own;
    const total = sum(this.weights);
    this.total = total;
    if (!Number.isFinite(total)) {
      throw new Error(
        `logits must be finite, found ${logits.find((x) => !Number.isFinite(x))}: the weights of the model are damaged`,
      );
    }
    this.logSum = Math.log(total);
  }

  /** Log-probability of a token under the row last read. */
  logProb(id: number): number {
    return this.logits[id]! - this.max - this.logSum;
  }

  /** The `count` likeliest tokens of the row last read, likeliest first. */
  top(count: number): TokenLogProb[] {
    const { logits } = this;
    const best: number[] = [];
    for (let id = 0; id < logits.length; id++) {
      if (best.length === count && logits[id]! <= logits[best[count - 1]!]!) continue;
      let at = best.length;
      while (at > 0 && logits[best[at - 1]!]! < logits[id]!) at--;
      best.splice(at, 0, id);
      if (best.length > count) best.pop();
    }
    return best.map((id) => ({ id, logProb: this.logProb(id) }));
  }

  /**
   * Draws a token.
   *
   * @param uniform the random number, in [0, 1)
   * @param adjusted the logits to draw from, if penalties or biases changed them; default: the row last read
   */
  draw(uniform: number, options: ResolvedSampling, adjusted: Float32Array = this.logits): number {
    if (options.temperature === 0) return argMax(adjusted);
    const weights = this.temper(adjusted, options.temperature);
    const plain = options.topK === 0 && options.topP === 1 && options.minP === 0;
    if (!plain) return this.drawCut(weights, uniform, options);
    return drawAll(weights, weights === this.weights ? this.total : sum(weights), uniform);
  }

  private temper(logits: Float32Array, temperature: number): Weights {
    if (temperature === 1 && logits === this.logits) return this.weights;
    const max = maximum(logits);
    const { tempered } = this;
    for (let i = 0; i < logits.length; i++) tempered[i] = Math.exp((logits[i]! - max) / temperature);
    return tempered;
  }

  private drawCut(weights: Weights, uniform: number, options: ResolvedSampling): number {
    const ids = this.cut(weights, options);
    let total = 0;
    for (const id of ids) total += weights[id]!;
    let rest = uniform * total;
    for (const id of ids) {
      rest -= weights[id]!;
      if (rest < 0) return id;
    }
    return ids[ids.length - 1]!;
  }

  /** The tokens that the cuts keep, in the order of their ids. */
  private cut(weights: Weights, { topK, topP, minP }: ResolvedSampling): Uint32Array {
    // Sorting the whole vocabulary would dominate: first drop what no cut can keep.
    const floor = Math.max(topKFloor(weights, topK), topPFloor(weights, topK, topP), topP === 1 ? minP : 0);
    let count = 0;
    for (let id = 0; id < weights.length; id++) {
      if (weights[id]! < floor) continue;
      this.candidates[count] = id;
      this.sorted[count++] = weights[id]!;
    }
    const sorted = this.sorted.subarray(0, count).sort();
    let kept = topK > 0 ? Math.min(topK, count) : count;
    if (topP < 1) kept = nucleus(sorted, kept, topP, topK > 0 ? undefined : sum(weights));
    while (sorted[count - kept]! < minP) kept--;

    // Of tokens as heavy as the lightest one kept, those of lower ids come first.
    const lightest = sorted[count - kept]!;
    let ties = 0;
    for (let i = count - kept; i < count && sorted[i] === lightest; i++) ties++;
    let at = 0;
    for (let i = 0; i < count; i++) {
      const id = this.candidates[i]!;
      const weight = weights[id]!;
      if (weight > lightest || (weight === lightest && ties-- > 0)) this.candidates[at++] = id;
    }
    return this.candidates.subarray(0, at);
  }
}

/**
 * How many of the `count` heaviest weights reach the share `topP` of the total.
 *
 * @param sorted ascending
 * @param total default: of the `count` heaviest
 */
function nucleus(sorted: Float64Array, count: number, topP: number, total?: number): number {
  const last = sorted.length - 1;
  const wanted = topP * (total ?? sum(sorted.subarray(sorted.length - count)));
  let reached = 0;
  let kept = 0;
  while (kept < count && reached < wanted) reached += sorted[last - kept++]!;
  return kept;
}

/** A weight that at least the `topK` heaviest tokens reach. */
function topKFloor(weights: Weights, topK: number): number {
  if (topK === 0 || topK >= weights.length) return 0;
  // The heaviest token of each of `topK` disjoint parts: none of the `topK` heaviest can be below the least of these.
  let floor = Infinity;
  for (let part = 0; part < topK; part++) {
    let heaviest = 0;
    for (let i = part; i < weights.length; i += topK) if (weights[i]! > heaviest) heaviest = weights[i]!;
    if (heaviest < floor) floor = heaviest;
  }
  return floor;
}

/** All tokens below (1 − topP) · total / vocab weigh less than 1 − topP together, so the nucleus needs none of them. */
function topPFloor(weights: Weights, topK: number, topP: number): number {
  return topK > 0 || topP === 1 ? 0 : ((1 - topP) * sum(weights)) / weights.length;
}

function drawAll(weights: Weights, total: number, uniform: number): number {
  let rest = uniform * total;
  for (let id = 0; id < weights.length; id++) {
    rest -= weights[id]!;
    if (rest < 0) return id;
  }
  // Rounding left a crumb: the last token that can be drawn at all.
  return weights.findLastIndex((weight) => weight > 0);
}

/** Four sums side by side: one after the other, each addition would wait for the last. */
function sum(values: Weights): number {
  const whole = values.length & ~3;
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += values[i]!;
    b += values[i + 1]!;
    c += values[i + 2]!;
    d += values[i + 3]!;
  }
  for (let i = whole; i < values.length; i++) a += values[i]!;
  return a + b + (c + d);
}

/** The largest value, of four side by side. */
function maximum(values: Float32Array): number {
  const whole = values.length & ~3;
  let [a, b, c, d] = [-Infinity, -Infinity, -Infinity, -Infinity];
  for (let i = 0; i < whole; i += 4) {
    if (values[i]! > a) a = values[i]!;
    if (values[i + 1]! > b) b = values[i + 1]!;
    if (values[i + 2]! > c) c = values[i + 2]!;
    if (values[i + 3]! > d) d = values[i + 3]!;
  }
  for (let i = whole; i < values.length; i++) if (values[i]! > a) a = values[i]!;
  return Math.max(a, b, c, d);
}

function argMax(values: Float32Array): number {
  return values.indexOf(maximum(values));
}
