import { RewardError } from '../failure.ts';
import { column, type Reward } from '../reward.ts';

/** A model that scores answers: a classifier head, an endpoint, anything. */
export interface RewardModel {
  /** One score for each pair. */
  score(
    pairs: readonly { prompt: string; completion: string }[],
  ): Promise<ArrayLike<number>> | ArrayLike<number>;
}

/** Options of `modelReward`. */
export interface ModelRewardOptions {
  /** Column of the prompt. Default `prompt`. */
  prompt?: string;
  /** Pairs per call. Default 16. */
  batchSize?: number;
}

/**
 * A reward model's score. Completions that are scored together, as `scoreAll` and `combine` do, reach the model in
 * batches.
 */
export function modelReward(
  model: RewardModel,
  { prompt = 'prompt', batchSize = 16 }: ModelRewardOptions = {},
): Reward {
  type Waiting = {
    pair: { prompt: string; completion: string };
    resolve: (score: number) => void;
    reject: (error: unknown) => void;
  };
  let queue: Waiting[] = [];
  const flush = async () => {
    const waiting = queue;
    queue = [];
    for (let start = 0; start < waiting.length; start += batchSize) {
      const batch = waiting.slice(start, start + batchSize);
      try {
        const scores = await model.score(batch.map(({ pair }) => pair));
        if (scores.length !== batch.length) {
          const message = `reward model: found ${scores.length} scores for ${batch.length} answers`;
          throw new RewardError('unparsable', message);
        }
        batch.forEach(({ resolve }, i) => {
          resolve(scores[i]!);
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  };
  return (completion, row) => {
    const pair = { prompt: column(row, prompt), completion };
    return new Promise((resolve, reject) => {
      // All that is asked for at this moment goes together.
      if (queue.push({ pair, resolve, reject }) === 1) queueMicrotask(flush);
    });
  };
}
