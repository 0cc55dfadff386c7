import { type Failure, type FailureKind, RewardError } from './failure.ts';
import type { CompletionInfo, Reward, RewardRow } from './reward.ts';

/** How a batch is scored. */
export interface ScoreOptions {
  /** What the reward is called in failures. Default `reward`. */
  name?: string;
  /** What is known of each completion besides its text. */
  infos?: readonly CompletionInfo[];
  /** Milliseconds that an asynchronous reward may take for one completion, waiting for its turn included: a last resort, since
   * judges and sandboxes have limits of their own. Default 600,000. */
  timeoutMs?: number;
  /** Completions that an asynchronous reward scores at a time. Default 64. */
  concurrency?: number;
}

/** Scores of one reward over a batch. */
export interface Scores {
  /** One per completion; NaN where the reward failed. */
  values: Float32Array;
  /** One for each NaN. */
  failures: Failure[];
}

/**
 * Scores many completions, several at a time where the reward is asynchronous. A reward that throws, takes too long or
 * gives no finite number fails for that completion alone, and is reported.
 *
 * @param rows the row of each completion
 * @throws when there are not as many rows (or infos) as completions: that is the caller's mistake
 */
export async function scoreAll(
  reward: Reward,
  completions: readonly string[],
  rows: readonly RewardRow[],
  { name = 'reward', infos, timeoutMs = 600_000, concurrency = 64 }: ScoreOptions = {},
): Promise<Scores> {
  if (completions.length !== rows.length)
    throw new Error(`reward: found ${completions.length} completions for ${rows.length} rows`);
  if (infos && infos.length !== rows.length)
    throw new Error(`reward: found ${infos.length} infos for ${rows.length} rows`);
  const values = new Float32Array(completions.length).fill(Number.NaN);
  const failures: Failure[] = [];
  const score = async (index: number) => {
    const fail = (kind: FailureKind, message: string) =>
      failures.push({ reward: name, index, kind, message });
    try {
      const result = reward(completions[index]!, rows[index]!, infos?.[index]);
      const value: unknown = typeof result === 'number' ? result : await within(timeoutMs, result);
      // What is stored is a float32, so that is what must be finite.
      if (typeof value === 'number' && Number.isFinite(Math.fround(value))) values[index] = value;
      else fail('not-finite', `a score must be a finite number, found ${String(value)}`);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      fail(error instanceof RewardError ? error.kind : 'threw', message);
    }
  };
  let next = 0;
  const worker = async () => {
    while (next < completions.length) await score(next++);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, completions.length) }, worker));
  return { values, failures: failures.sort((a, b) => a.index - b.index) };
}

/** @throws RewardError when the promise takes longer */
async function within<T>(milliseconds: number, promise: T | Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `no score within ${milliseconds} ms`;
    timer = setTimeout(() => reject(new RewardError('timeout', message)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
