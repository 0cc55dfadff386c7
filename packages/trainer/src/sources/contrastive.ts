import type { EncodedExample } from '../data/codec.ts';
import { encodeExamples } from '../data/encode-examples.ts';
import { makeMicroBatch } from '../data/micro-batches.ts';
import type { DataRecord } from '../data/records.ts';
import { UserError } from '../errors.ts';
import { DistinctSteps } from '../loop/distinct.ts';
import type { MicroBatch } from '../loop/micro-batch.ts';
import { OfflineSource } from '../loop/offline-source.ts';
import { retrieval } from '../loop/retrieval.ts';
import {
  batchSizes,
  longestSequence,
  makeEvaluator,
  ofHeldOut,
  type SourceContext,
  type Sources,
} from './context.ts';
import { layoutOf } from './offline.ts';

/** Pairs of texts as the source: the examples of a step are told apart. Held-out pairs are also searched. */
export async function contrastiveSources(context: SourceContext): Promise<Sources> {
  const { recipe, needs, model, codec, records, algorithm, contrastive, onNotice } = context;
  const { size } = batchSizes(context, 32);
  const longest = longestSequence(context);
  // A fused encoder reads both texts and a token between them.
  const maxLength = needs.matcher ? Math.floor((longest - 1) / 2) : longest;
  const encode = (part: readonly DataRecord[], say: (message: string) => void) =>
    encodeExamples(part, codec, { kind: 'contrastive', maxLength, packing: false, onNotice: say });
  const train = encode(records.train, onNotice);
  const heldOut = encode(records.validation, ofHeldOut(onNotice)).slice(0, recipe.evaluation.examples);
  const different = new DistinctSteps(train).firsts().length;
  if (different < size) {
    throw new UserError(
      `batch.size must be <= ${different}, the pairs of texts that share none, found ${size}: ${algorithm.name} takes every other example of a step for wrong`,
    );
  }

  const layout = { ...layoutOf(context, 'contrastive', train), maxLength };
  const { groupByLength } = recipe.batch;
  const options = { ...layout, micro: size, size, seed: recipe.seed, groupByLength, distinct: true };
  const source = new OfflineSource(train, options);
  const steps = recipe.schedule.steps ?? Math.ceil((recipe.schedule.epochs! * train.length) / size);
  const batches = (examples: readonly EncodedExample[]) =>
    asSteps(examples, size).map((chosen) => makeMicroBatch(chosen, layout));
  const fitted = source.visited(steps).slice(0, recipe.evaluation.train);
  const measure = heldOut.length > 1 ? () => retrieval(model, heldOut, contrastive!.pooling) : undefined;
  const parts: Record<string, MicroBatch[]> = { validation: batches(heldOut), train: batches(fitted) };
  return { source, steps, evaluator: makeEvaluator(context, parts, [], measure) };
}

/** Examples in the order given as steps of the usual size; the last is longer, or the only one shorter. */
function asSteps(examples: readonly EncodedExample[], size: number): EncodedExample[][] {
  const own = new DistinctSteps(examples).firsts().map((i) => examples[i]!);
  const count = Math.max(1, Math.floor(own.length / size));
  if (own.length < 2) return [];
  return Array.from({ length: count }, (_, step) =>
    own.slice(step * size, step === count - 1 ? undefined : (step + 1) * size),
  );
}
