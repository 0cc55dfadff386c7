/** One vote: an answer, or undefined when the sample states none, and whether it is right. */
export interface Vote {
  answer: string | undefined;
  /** Score of the sample, between 0 and 1. */
  score: number;
}

/**
 * Score of the most frequent answer (self-consistency, Wang et al. 2022, arXiv 2203.11171). Where several answers are
 * equally frequent it is the mean of theirs: what drawing one of them would give. Samples without an answer do not
 * vote; when none has one the score is 0.
 */
export function majorityScore(votes: readonly Vote[]): number {
  const tally = new Map<string, { count: number; score: number }>();
  for (const { answer, score } of votes) {
    if (answer === undefined) continue;
    const entry = tally.get(answer) ?? { count: 0, score };
    entry.count++;
    tally.set(answer, entry);
  }
  const most = Math.max(0, ...[...tally.values()].map(({ count }) => count));
  const winners = [...tally.values()].filter(({ count }) => count === most);
  return winners.length === 0 ? 0 : winners.reduce((sum, { score }) => sum + score, 0) / winners.length;
}

/**
 * maj@k from n ≥ k samples: the mean majority score of the consecutive groups of k.
 * @throws when there are fewer than k samples
 */
export function majorityAtK(votes: readonly Vote[], k: number): number {
  const groups = Math.floor(votes.length / k);
  if (!(Number.isInteger(k) && k >= 1 && groups >= 1))
    throw new Error(
      `maj@k: k must be an integer from 1 to the number of samples ${votes.length}, found ${k}`,
    );
  let sum = 0;
  for (let group = 0; group < groups; group++) sum += majorityScore(votes.slice(group * k, (group + 1) * k));
  return sum / groups;
}
