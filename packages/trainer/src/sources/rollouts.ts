import { join } from 'node:path';
import { type EncodedPrompt, encodePrompts } from '../data/codec.ts';
import { encodeExamples } from '../data/encode-examples.ts';
import { loadRecords } from '../data/records.ts';
import { UserError } from '../errors.ts';
import { precomputeReference } from '../loop/reference.ts';
import { type BesideData, BesideSource } from '../rollout/beside.ts';
import { Collector, type CollectorSettings } from '../rollout/collector.ts';
import { loadEnvironment } from '../rollout/environment.ts';
import { RolloutSource } from '../rollout/rollout-source.ts';
import {
  batchSizes,
  heldOutPrompts,
  longestSequence,
  makeEvaluator,
  type SourceContext,
  type Sources,
} from './context.ts';
import { preferenceJudge } from './judges.ts';
import { layoutOf } from './offline.ts';

/** The policy's own answers as the source. */
export async function rolloutSources(context: SourceContext): Promise<Sources> {
  const { recipe, algorithm, options, needs, model, roles } = context;
  const { rollout } = recipe;
  const { size, micro } = batchSizes(context, rollout.prompts * rollout.answers);
  const maxLength = longestSequence(context);
  checkGroups(context);
  const settings = await collectorSettings(context);
  const prefer = needs.opponent && preferenceJudge(context);
  // A judge that compares has no opinion of one answer alone.
  if (prefer && recipe.rewards!.length === 1) settings.score = undefined;
  const source = new RolloutSource({
    ...settings,
    collector: new Collector(settings),
    reference: needs.reference || needs.opponent ? roles.reference : undefined,
    critic: roles.critic,
    prefer,
    beside: await besideSource(context, Math.ceil(size / micro)),
    algorithm,
    options,
    size,
    micro,
    maxLength,
    samples: recipe.evaluation.samples,
    model,
  });
  const { epochs } = recipe.schedule;
  const rollouts = epochs === undefined ? 0 : Math.ceil((epochs * settings.prompts.length) / rollout.prompts);
  const steps = recipe.schedule.steps ?? rollouts * source.stepsPerRollout;
  return { source, steps, evaluator: makeEvaluator(context, {}, heldOutPrompts(context, maxLength - 1)) };
}

/** What collecting answers to a recipe's prompts needs. */
export async function collectorSettings(context: SourceContext): Promise<CollectorSettings> {
  const { recipe, model, codec, score, onNotice } = context;
  const { rollout, seed } = recipe;
  return {
    onNotice,
    prompts: promptsOf(context),
    model,
    codec,
    rollout,
    score,
    seed,
    ...(rollout.environment !== undefined && { environment: await loadEnvironment(rollout.environment) }),
  };
}

function promptsOf(context: SourceContext): EncodedPrompt[] {
  const { codec, records, onNotice } = context;
  const prompts = encodePrompts(records.train, codec, { maxLength: longestSequence(context) - 1, onNotice });
  if (prompts.length === 0) throw new UserError('no prompt is left: raise batch.maxLength or model.context');
  return prompts;
}

/** Tries the algorithm's advantages on nothing at all, to hear before the first rollout what does not suit it. */
function checkGroups({ algorithm, options, needs, recipe }: SourceContext): void {
  const { answers, maxTokens } = recipe.rollout;
  const numbers = () => Array.from({ length: 2 * answers }, () => new Float32Array(1));
  try {
    algorithm.advantages!(
      {
        rewards: new Float32Array(2 * answers),
        groupSize: answers,
        logProbs: numbers(),
        ...(needs.reference && { refLogProbs: numbers() }),
        ...(needs.critic && { values: numbers() }),
        ...(needs.greedy && { greedyRewards: new Float32Array(2) }),
        finished: new Uint8Array(2 * answers).fill(1),
        maxTokens,
      },
      options,
    );
  } catch (error) {
    throw new UserError(
      `rollout.answers=${answers}, rollout.maxTokens=${maxTokens} do not suit ${algorithm.name}: ${(error as Error).message}`,
    );
  }
}

/** Texts and preferences beside the rollout, where the algorithm wants them. */
async function besideSource(context: SourceContext, parts: number): Promise<BesideSource | undefined> {
  const { recipe, needs, algorithm } = context;
  if (!needs.beside || needs.beside.length === 0) return undefined;
  const data: { supervised?: BesideData; pairwise?: BesideData } = {};
  for (const kind of needs.beside) {
    const source = recipe.data[kind];
    if (!source) {
      throw new UserError(
        `${algorithm.name} also looks at ${kind === 'supervised' ? 'texts to imitate' : 'preferences'}: name them with data.${kind}, e.g. data: { ${kind}: { path: ... } }`,
      );
    }
    data[kind] = await besideData(context, kind);
  }
  return new BesideSource(data, Math.max(recipe.batch.beside, parts), recipe.seed);
}

async function besideData(context: SourceContext, kind: 'supervised' | 'pairwise'): Promise<BesideData> {
  const { recipe, needs, codec, roles, folder, model, onNotice } = context;
  const { data, seed } = recipe;
  const only = { ...data, train: data[kind]!, validation: undefined, format: 'auto' as const };
  const { train } = await loadRecords({ ...recipe, data: only, seed }, onNotice);
  const maxLength = longestSequence(context);
  const examples = encodeExamples(train, codec, { kind, maxLength, packing: false, onNotice });
  if (examples.length === 0) throw new UserError(`data.${kind}: no example is left`);
  const layout = { ...layoutOf(context, kind, examples), packing: false, readWhole: false };
  if (kind === 'pairwise' && needs.reference) {
    const reference = await precomputeReference(
      join(folder.path, 'reference-pairwise.safetensors'),
      examples,
      () => (folder.checkpoint ? roles.reference : model),
      { padId: codec.padId, maxLength, micro: layout.micro },
    );
    return { examples, layout: { ...layout, reference } };
  }
  return { examples, layout };
}
