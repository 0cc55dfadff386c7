/**
 * The place that each query's own passage takes among all passages, from 1, by falling similarity. A tie is broken
 * against it, unless the two passages are the same text.
 *
 * @param similarity `[queries, passages]`, row-major; query i belongs to passage i
 * @param same for each passage a word that equal passages share; default: all differ
 * @throws when there are fewer passages than queries, or the matrix is not theirs
 */
export function ownRanks(
  similarity: Float32Array,
  queries: number,
  passages: number,
  same?: readonly string[],
): number[] {
  if (similarity.length !== queries * passages || passages < queries)
    throw new Error(
      `ownRanks: ${queries} queries and ${passages} passages, at least one a query, need ${queries * passages} similarities, found ${similarity.length}`,
    );
  return Array.from({ length: queries }, (_, query) => {
    const row = similarity.subarray(query * passages, (query + 1) * passages);
    const own = row[query]!;
    let rank = 1;
    for (let passage = 0; passage < passages; passage++) {
      if (passage === query || (same && same[passage] === same[query])) continue;
      // Not a number is worse than any: it must not count as found.
      if (!(row[passage]! < own)) rank++;
    }
    return rank;
  });
}

/** Share of ranks that are at most k. */
export function recallAtK(ranks: readonly number[], k: number): number {
  return ranks.filter((rank) => rank <= k).length / ranks.length;
}

/** Mean of 1 / rank. */
export function meanReciprocalRank(ranks: readonly number[]): number {
  return ranks.reduce((sum, rank) => sum + 1 / rank, 0) / ranks.length;
}
