import { join } from 'node:path';
import type { EncodedExample } from '../data/codec.ts';
import { addContrasts } from '../data/contrasts.ts';
import { encodeExamples, type OfflineKind } from '../data/encode-examples.ts';
import { type BatchOptions, makeMicroBatches } from '../data/micro-batches.ts';
import type { DataRecord } from '../data/records.ts';
import { UserError } from '../errors.ts';
import { OfflineSource } from '../loop/offline-source.ts';
import { precomputeReference } from '../loop/reference.ts';
import {
  batchSizes,
  heldOutPrompts,
  longestSequence,
  makeEvaluator,
  ofHeldOut,
  type SourceContext,
  type Sources,
} from './context.ts';

/** A data set as the source; the reference model, where needed, is run over it once, now. */
export async function offlineSources(context: SourceContext, kind: OfflineKind): Promise<Sources> {
  const { recipe, needs, model, codec, records, roles, folder, onNotice } = context;
  const { packing, groupByLength } = recipe.batch;
  const { size, micro } = batchSizes(context, 8);
  const maxLength = longestSequence(context);
  const encode = (part: readonly DataRecord[], say: (message: string) => void) => {
    const encoded = encodeExamples(part, codec, { kind, maxLength, packing, onNotice: say });
    return encoded.length > 0 ? addContrasts(encoded, needs, maxLength) : encoded;
  };
  const train = encode(records.train, onNotice);
  if (train.length === 0) {
    throw new UserError('no training example is left: raise batch.maxLength, or look at the data');
  }
  const heldOut = encode(records.validation, ofHeldOut(onNotice)).slice(0, recipe.evaluation.examples);

  const layout = layoutOf(context, kind, [...train, ...heldOut]);
  const source = new OfflineSource(train, { ...layout, micro, size, seed: recipe.seed, groupByLength });
  const steps = recipe.schedule.steps ?? Math.ceil((recipe.schedule.epochs! * train.length) / size);
  const reference =
    needs.reference && !roles.liveReference
      ? await precomputeReference(
          join(folder.path, 'reference.safetensors'),
          [...source.visited(steps), ...heldOut],
          // Before its first step the policy is the reference.
          () => (folder.checkpoint ? roles.reference : model),
          { padId: codec.padId, maxLength, micro },
        )
      : undefined;
  if (reference) {
    source.useReference(reference);
    roles.releaseReference();
  }
  const inBatches = (examples: readonly EncodedExample[]) =>
    makeMicroBatches(examples, { ...layout, micro: recipe.evaluation.micro ?? micro, reference });
  const fitted = source.visited(steps).slice(0, recipe.evaluation.train);
  const batches = { validation: inBatches(heldOut), train: inBatches(fitted) };
  return { source, steps, evaluator: makeEvaluator(context, batches, heldOutPrompts(context, maxLength)) };
}

/** How examples of a kind lie in batches. @param examples all that there will be */
export function layoutOf(
  context: SourceContext,
  kind: OfflineKind,
  examples: readonly EncodedExample[],
): BatchOptions {
  const { recipe, needs, codec, algorithm } = context;
  const unsaid = needs.margins && examples.find(({ margin }) => margin === undefined);
  if (unsaid)
    throw new UserError(
      `${unsaid.name}: ${algorithm.name} learns from how much better the chosen answer is; give each pair a margin`,
    );
  return {
    kind,
    padId: codec.padId,
    maxLength: longestSequence(context),
    micro: recipe.batch.micro ?? recipe.batch.size ?? 8,
    packing: recipe.batch.packing,
    margins: examples.length > 0 && examples.every(({ margin }) => margin !== undefined),
    weights: examples.some(({ weight }) => weight !== undefined),
    readWhole: needs.head === 'after',
    ...(kind === 'listwise' && { sets: Math.max(...examples.map(({ sequences }) => sequences.length)) }),
  };
}
