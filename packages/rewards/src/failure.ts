/**
 * Why a completion got no score.
 *
 * - `threw`: the reward threw, e.g. because the row lacks a column
 * - `timeout`: no score within the time
 * - `not-finite`: the score was NaN, infinite or no number
 * - `unparsable`: a judge answered, but not with a verdict
 * - `disagreement`: two judges did not agree
 * - `unavailable`: a judge, a reward model or a sandbox could not be reached or started
 */
export type FailureKind = 'threw' | 'timeout' | 'not-finite' | 'unparsable' | 'disagreement' | 'unavailable';

/** A completion that a reward could not score. */
export interface Failure {
  /** Name of the reward. */
  reward: string;
  /** Place of the completion in its batch. */
  index: number;
  kind: FailureKind;
  message: string;
}

/** Thrown by a reward that knows why it cannot score. */
export class RewardError extends Error {
  override readonly name = 'RewardError';
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** How many failures there are of each kind; kinds without one are left out. */
export function countFailures(failures: readonly Failure[]): Partial<Record<FailureKind, number>> {
  const counts: Partial<Record<FailureKind, number>> = {};
  for (const { kind } of failures) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** Failures in one line for people: how many of which kind from which reward, and an example of each. */
export function describeFailures(failures: readonly Failure[]): string {
  const groups = groupBy(failures, ({ reward, kind }) => `${reward} (${kind})`);
  return [...groups]
    .map(([what, list]) => `${what}: ${list.length}, e.g. ${list[0]!.message.split('\n')[0]!.slice(0, 200)}`)
    .join('; ');
}

function groupBy<T>(list: readonly T[], key: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of list) {
    const group = groups.get(key(value));
    if (group) group.push(value);
    else groups.set(key(value), [value]);
  }
  return groups;
}
