import { drawSource, sharesOf } from '../dataset/draw.ts';
import { Dataset } from '../dataset.ts';
import { permutation } from '../permutation.ts';

/** A part of training with its own proportions. */
export interface MixtureStage {
  /** Samples of the stage. */
  samples: number;
  /** Source → how often it is drawn from, in any unit; sources left out are not. */
  weights: Record<string, number>;
  /** Flattens the weights; see `InterleaveOptions`. Default 1. */
  temperature?: number;
}

/**
 * Draws from sources by weights that change from stage to stage, as curricula do (general, then reasoning, then long
 * texts). Each source is walked through in shuffled order, across stages: no row comes a second time before all of its
 * source have come. Needs five bytes a sample.
 *
 * @returns the samples in training order; stages follow each other, so it must not be shuffled again
 * @throws when a stage names a source that is not there, or one that is empty
 */
export function stagedMixture<T>(
  sources: Record<string, Dataset<T>>,
  stages: readonly MixtureStage[],
  { seed = 0 }: { seed?: number } = {},
): Dataset<T> {
  const names = Object.keys(sources);
  if (names.length > 256) throw new Error(`mixture: at most 256 sources, found ${names.length}`);
  const total = stages.reduce((sum, { samples }) => sum + samples, 0);
  const source = new Uint8Array(total);
  const ordinal = new Uint32Array(total);
  const given = names.map(() => 0);
  let at = 0;
  for (const [number, { samples, weights, temperature }] of stages.entries()) {
    if (!(Number.isInteger(samples) && samples > 0))
      throw new Error(`mixture: stage ${number}: samples must be an integer > 0, found ${samples}`);
    const drawn = Object.keys(weights).filter((name) => weights[name] !== 0);
    for (const name of drawn)
      if (!Object.hasOwn(sources, name) || sources[name]!.length === 0)
        throw new Error(
          `mixture: stage ${number} draws from '${name}', which ${Object.hasOwn(sources, name) ? 'is empty' : `is none of ${names.join(', ')}`}`,
        );
    const shares = sharesOf(drawn.length, { weights: drawn.map((name) => weights[name]!), temperature });
    const indices = drawn.map((name) => names.indexOf(name));
    const ended = drawn.map(() => false);
    for (const end = at + samples; at < end; at++) {
      const which = indices[drawSource(shares, ended, seed, at)]!;
      source[at] = which;
      ordinal[at] = given[which]!++;
    }
  }
  const orders = names.map(() => ({ epoch: -1, order: (i: number) => i }));
  return new Dataset(total, (index) => {
    const which = source[index]!;
    const dataset = sources[names[which]!]!;
    const epoch = Math.floor(ordinal[index]! / dataset.length);
    if (orders[which]!.epoch !== epoch)
      orders[which] = { epoch, order: permutation(dataset.length, seed + which, epoch) };
    return dataset.at(orders[which]!.order(ordinal[index]! % dataset.length));
  });
}

/** Which texts count as long, and how many of them there should be. */
export interface LongContextOptions {
  /** Samples to draw. */
  samples: number;
  /** Share of samples that are long. Default 0.75. */
  share?: number;
  /** Lengths that count as long, both included. Default 16,384 to 32,768 tokens. */
  from?: number;
  to?: number;
  /** Default 0. */
  seed?: number;
}

/**
 * Draws rows so that most are long, for the stage that extends a context (ERNIE 4.5 and others: 75% of texts of 16k to
 * 32k tokens). Long and other rows are each walked through in shuffled order, over and over where they are too few.
 *
 * @param lengths tokens of each row
 * @returns row numbers in the order of training, and how often the long ones repeat
 * @throws when no row is long, or none is not
 */
export function upsampleLong(
  lengths: ArrayLike<number>,
  { samples, share = 0.75, from = 16_384, to = 32_768, seed = 0 }: LongContextOptions,
): { rows: Uint32Array; repeats: number } {
  const long: number[] = [];
  const other: number[] = [];
  for (let i = 0; i < lengths.length; i++) (lengths[i]! >= from && lengths[i]! <= to ? long : other).push(i);
  const wanted = Math.round(samples * share);
  if (wanted > 0 && long.length === 0)
    throw new Error(`long contexts: none of ${lengths.length} rows has ${from} to ${to} tokens`);
  if (wanted < samples && other.length === 0)
    throw new Error(`long contexts: all ${lengths.length} rows have ${from} to ${to} tokens; set share to 1`);
  const walk = (rows: number[], count: number, stream: number) => {
    const drawn: number[] = [];
    for (let epoch = 0; drawn.length < count; epoch++) {
      const order = permutation(rows.length, seed + stream, epoch);
      for (let i = 0; i < rows.length && drawn.length < count; i++) drawn.push(rows[order(i)]!);
    }
    return drawn;
  };
  const drawn = [...walk(long, wanted, 0), ...walk(other, samples - wanted, 1)];
  const order = permutation(samples, seed, -1);
  return {
    rows: Uint32Array.from({ length: samples }, (_, i) => drawn[order(i)]!),
    repeats: long.length > 0 ? wanted / long.length : 0,
  };
}
