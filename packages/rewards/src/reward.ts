/** The row of the data set that a prompt came from, e.g. with the reference answer. */
export type RewardRow = Record<string, unknown>;

/** What is known of a completion besides its text. Samplers fill in what they have. */
export interface CompletionInfo {
  /** Its tokens, for rewards that count or compare them. */
  ids?: ArrayLike<number>;
  /** Whether it ended by itself and was not cut at the longest length. */
  finished?: boolean;
}

/**
 * Scores one completion. Higher is better; the scale is the reward's own. A reward that cannot score throws: `scoreAll`
 * and `combine` count that and go on.
 */
export type Reward = (completion: string, row: RewardRow, info?: CompletionInfo) => number | Promise<number>;

/** The text in a column of the row. @throws when it holds no string or number */
export function column(row: RewardRow, name: string): string {
  const value = row[name];
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new Error(
    `reward: column ${name} must hold a string or number, found ${JSON.stringify(value) ?? 'nothing'}`,
  );
}

/** The texts in a column of the row: a list, or one text. @throws when it holds something else */
export function columnList(row: RewardRow, name: string): string[] {
  const value = row[name];
  if (!Array.isArray(value)) return [column(row, name)];
  if (value.every((each) => typeof each === 'string' || typeof each === 'number')) return value.map(String);
  throw new Error(`reward: column ${name} must hold strings or numbers, found ${JSON.stringify(value)}`);
}
