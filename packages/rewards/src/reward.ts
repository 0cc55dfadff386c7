/** The row of the data set that a prompt came from, e.g. with the reference answer. */
export type RewardRow = Record<string, unknown>;

/** Scores one completion. Higher is better; the scale is the reward's own. */
export type Reward = (completion: string, row: RewardRow) => number | Promise<number>;

/** The text in a column of the row. @throws when it holds no string or number */
export function column(row: RewardRow, name: string): string {
  const value = row[name];
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new Error(
    `reward: column ${name} must hold a string or number, found ${JSON.stringify(value) ?? 'nothing'}`,
  );
}

/**
 * Scores many completions, all at once where the reward is asynchronous.
 *
 * @param rows the row of each completion
 * @returns one score per completion
 * @throws when a score is not a finite number, naming the completion
 */
export async function scoreAll(
  reward: Reward,
  completions: readonly string[],
  rows: readonly RewardRow[],
): Promise<Float32Array> {
  if (completions.length !== rows.length)
    throw new Error(`reward: found ${completions.length} completions for ${rows.length} rows`);
  const scores = await Promise.all(completions.map((completion, i) => reward(completion, rows[i]!)));
  const bad = scores.findIndex((score) => !Number.isFinite(score));
  if (bad >= 0)
    throw new Error(
      `reward of completion ${bad} must be a finite number, found ${scores[bad]}: ${JSON.stringify(completions[bad])}`,
    );
  return Float32Array.from(scores);
}
