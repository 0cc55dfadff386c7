import type { CausalLM } from '@attune/models';
import type { BatchReward } from '../rewards.ts';
import { createScores } from './forward.ts';
import { labelNumbers } from './reference.ts';

/**
 * The scores of a reward model: what its head says once it has read an answer's last token. Its `dispose` frees what
 * was compiled.
 */
export function createRewardModel(
  model: CausalLM,
  { padId, micro }: { padId: number; micro: number },
): BatchReward & { dispose(): void } {
  const scores = createScores(model);
  const context = model.config.max_position_embeddings;
  const score: BatchReward = async (answers) => {
    const sequences = answers.map(({ ids }) => {
      // One more token, so that the last one is read and not only a label; the end of a longer answer is not read.
      const read = ids.slice(0, context);
      return { ids: Int32Array.from([...read, padId]), mask: new Uint8Array(read.length + 1) };
    });
    const rows = await labelNumbers(scores, sequences, { padId, micro, maxLength: context });
    return rows.map((row) => row[row.length - 1]!);
  };
  return Object.assign(score, { dispose: () => scores.dispose() });
}
