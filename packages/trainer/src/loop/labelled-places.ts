import type { LabelledPlaces } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';

/** Smaller vocabularies make the output layer too small a part of the work to compile more shapes for. */
const LARGE_VOCABULARY = 2048;
/** The number of places is rounded up to so many parts of the batch, so that few shapes are compiled. */
const PARTS = 8;

/**
 * Where labels are, if the output layer can do without a good part of the batch: without prompts and padding.
 *
 * @param labels `[batch · seq]`, −100 where there is none
 * @returns undefined where it would not pay
 */
export function labelledPlaces(labels: Int32Array, vocabSize: number): LabelledPlaces | undefined {
  if (vocabSize < LARGE_VOCABULARY) return undefined;
  const without = labels.indexOf(-100);
  const labelled = labels.reduce((count, label) => count + Number(label !== -100), 0);
  const part = Math.ceil(labels.length / PARTS);
  // One place more than there are labels stands for all that have none.
  const picked = Math.ceil((labelled + 1) / part) * part;
  if (without < 0 || picked >= labels.length) return undefined;

  const places = new Int32Array(picked).fill(without);
  const inverse = new Int32Array(labels.length).fill(labelled);
  let at = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === -100) continue;
    places[at] = i;
    inverse[i] = at++;
  }
  return { places: tf.tensor1d(places, 'int32'), inverse: tf.tensor1d(inverse, 'int32') };
}
