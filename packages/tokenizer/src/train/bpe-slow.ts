/** A word as its symbols, and how often it occurs. */
export type SpelledWord = [symbols: string[], count: number];

/**
 * BPE learning as the paper prints it (Sennrich et al. 2016, algorithm 1): count all pairs anew, join the most
 * frequent everywhere, repeat. Slow, and the measure of the fast learner. Words are changed in place.
 * @param precedes which of two equally frequent pairs comes first. Default: the one seen first.
 * @returns the merges in order
 */
export function learnMergesSlowly(
  words: SpelledWord[],
  merges: number,
  precedes: (a: [string, string], b: [string, string]) => boolean = () => false,
): [string, string][] {
  const learned: [string, string][] = [];
  while (learned.length < merges) {
    const counts = new Map<string, { pair: [string, string]; count: number }>();
    for (const [symbols, count] of words) {
      for (let i = 0; i + 1 < symbols.length; i++) {
        const pair: [string, string] = [symbols[i]!, symbols[i + 1]!];
        const key = JSON.stringify(pair);
        const entry = counts.get(key) ?? { pair, count: 0 };
        entry.count += count;
        counts.set(key, entry);
      }
    }
    let best: { pair: [string, string]; count: number } | undefined;
    for (const entry of counts.values()) {
      const wins =
        !best || entry.count > best.count || (entry.count === best.count && precedes(entry.pair, best.pair));
      if (wins) best = entry;
    }
    if (!best) break;
    const [left, right] = best.pair;
    for (const [symbols] of words) {
      for (let i = 0; i + 1 < symbols.length; i++) {
        if (symbols[i] === left && symbols[i + 1] === right) symbols.splice(i, 2, left + right);
      }
    }
    learned.push(best.pair);
  }
  return learned;
}
