/** The candidate that a misspelt word most likely meant: at most a third of its letters differ. */
export function nearest(word: string, candidates: string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.ceil(Math.max(word.length, best.candidate.length) / 3)
    ? best.candidate
    : undefined;
}

/** Edits between two words: insertions, deletions, substitutions, and swaps of neighbouring letters. */
function editDistance(a: string, b: string): number {
  const distance = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => i || j),
  );
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const substitution = distance[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swap =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? distance[i - 2]![j - 2]! + 1
          : Infinity;
      distance[i]![j] = Math.min(substitution, swap, distance[i - 1]![j]! + 1, distance[i]![j - 1]! + 1);
    }
  }
  return distance[a.length]![b.length]!;
}
