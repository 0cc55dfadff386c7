import type { SourceContext, Sources } from './context.ts';
import { contrastiveSources } from './contrastive.ts';
import { offlineSources } from './offline.ts';
import { rolloutSources } from './rollouts.ts';
import { roundsOf, roundsSources } from './rounds.ts';

export type { ChosenAlgorithm, SourceContext, Sources } from './context.ts';

/** Builds the source that the algorithm's batch kind wants: the policy's own answers, rounds of them, or the data. */
export async function createSources(context: SourceContext): Promise<Sources> {
  const { batch } = context.algorithm;
  if (batch === 'contrastive') return contrastiveSources(context);
  if (batch === 'rollout') return rolloutSources(context);
  const rounds = roundsOf(context);
  return rounds ? roundsSources(context, batch, rounds) : offlineSources(context, batch);
}
