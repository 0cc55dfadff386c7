import type { LabelledPlaces, PickedPlaces } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import type { SharedRows } from './shared-prompts.ts';

/** Smaller vocabularies make the output layer too small a part of the work to compile more shapes for. */
const LARGE_VOCABULARY = 2048;
/** The number of places is rounded up to so many parts of the batch, so that few shapes are compiled. */
const PARTS = 8;

/**
 * Where labels are, if the output layer can do without a good part of the batch: without prompts and padding.
 *
 * @param labels `[batch · seq]`, −100 where there is none
 * @param shared where the model reads the tokens before them, if elsewhere
 * @returns undefined where it would not pay, or rows have no place without a label; with shared rows only the latter
 */
export function labelledPlaces(
  labels: Int32Array,
  vocabSize: number,
  shared?: SharedRows,
): LabelledPlaces | undefined {
  if (vocabSize < LARGE_VOCABULARY && !shared) return undefined;
  const places = [...labels.keys()].filter((i) => labels[i] !== -100);
  const part = Math.ceil(labels.length / PARTS);
  // One place more than there are labels stands for all that have none.
  const count = Math.ceil((places.length + 1) / part) * part;
  if (count >= labels.length && !shared) return undefined;
  const own = pick(places, labels.length, count);
  if (!shared || !own) return own && upload(own);
  const read = pick(
    places.map((i) => shared.places[i]!),
    shared.inputIds.length,
    count,
  );
  return read && { ...upload(own), read: upload(read) };
}

interface Picked {
  places: Int32Array;
  inverse: Int32Array;
}

/** Some of `size` places, filled up to `count` with one that is not among them; undefined if all are. */
function pick(chosen: readonly number[], size: number, count: number): Picked | undefined {
  const inverse = new Int32Array(size).fill(chosen.length);
  for (const [i, place] of chosen.entries()) inverse[place] = i;
  const other = inverse.indexOf(chosen.length);
  if (other < 0) return undefined;
  const places = new Int32Array(count).fill(other);
  places.set(chosen);
  return { places, inverse };
}

const upload = ({ places, inverse }: Picked): PickedPlaces => ({
  places: tf.tensor1d(places, 'int32'),
  inverse: tf.tensor1d(inverse, 'int32'),
});
