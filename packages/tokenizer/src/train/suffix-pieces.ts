/** Stands between words in the joined text; it is in no word. */
const BOUNDARY = 0xffff;

/**
 * The substrings of counted words that recur and cannot be made longer to the right without recurring less:
 * the inner nodes of the suffix tree, found from a suffix array with longest common prefixes (Kasai et al.
 * 2001), and the word endings themselves.
 * @param maxLength in UTF-16 units
 * @param visit is given each with how often it recurs
 */
export function recurringSubstrings(
  words: readonly string[],
  counts: ArrayLike<number>,
  maxLength: number,
  visit: (text: string, count: number) => void,
): void {
  const { units, words: wordAt } = joinWords(words);
  const suffixes = sortSuffixes(units, maxLength);
  const take = (start: number, length: number, count: number) => {
    if (length < 2 || count < 2 || length > maxLength) return;
    if (isLowSurrogate(units[start]!) || isHighSurrogate(units[start + length - 1]!)) return;
    visit(String.fromCharCode(...units.subarray(start, start + length)), count);
  };
  // Open intervals of suffixes that share a prefix, by growing length of that prefix.
  const stack: { length: number; count: number; start: number }[] = [{ length: 0, count: 0, start: 0 }];
  let previousEnd = 0;
  for (let i = 0; i <= suffixes.length; i++) {
    const shared =
      i === 0 || i === suffixes.length ? 0 : commonPrefix(units, suffixes[i - 1]!, suffixes[i]!, maxLength);
    if (i > 0) {
      const start = suffixes[i - 1]!;
      const weight = counts[wordAt[start]!]!;
      // A word ending that is no inner node recurs where its word does.
      if (previousEnd - start > Math.max(shared, stack.at(-1)!.length))
        take(start, previousEnd - start, weight);
      stack.at(-1)!.count += weight;
    }
    if (shared > stack.at(-1)!.length) {
      // The suffix just counted belongs to the new, deeper interval too.
      const weight = counts[wordAt[suffixes[i - 1]!]!]!;
      stack.at(-1)!.count -= weight;
      stack.push({ length: shared, count: weight, start: suffixes[i - 1]! });
    }
    while (stack.at(-1)!.length > shared) {
      const closed = stack.pop()!;
      take(closed.start, closed.length, closed.count);
      if (stack.at(-1)!.length < shared)
        stack.push({ length: shared, count: closed.count, start: closed.start });
      else stack.at(-1)!.count += closed.count;
    }
    if (i < suffixes.length) previousEnd = endOfWord(units, suffixes[i]!);
  }
}

/** The words one after another, and which word each unit is of. */
function joinWords(words: readonly string[]) {
  const length = words.reduce((sum, word) => sum + word.length + 1, 0);
  const units = new Uint16Array(length);
  const numbers = new Int32Array(length);
  let at = 0;
  words.forEach((word, w) => {
    for (let i = 0; i < word.length; i++) {
      units[at] = word.charCodeAt(i);
      numbers[at++] = w;
    }
    units[at++] = BOUNDARY;
  });
  return { units, words: numbers };
}

/** The starts of all suffixes within words, sorted by their first `depth` units. */
function sortSuffixes(units: Uint16Array, depth: number): Int32Array {
  const starts = new Int32Array(units.length);
  let count = 0;
  for (let i = 0; i < units.length; i++) if (units[i] !== BOUNDARY) starts[count++] = i;
  return starts.subarray(0, count).sort((a, b) => {
    for (let i = 0; i < depth; i++) {
      const difference = units[a + i]! - units[b + i]!;
      if (difference !== 0) return difference;
      if (units[a + i] === BOUNDARY) return a - b;
    }
    return a - b;
  });
}

/** How many units two suffixes share, up to `limit` and the end of a word. */
function commonPrefix(units: Uint16Array, a: number, b: number, limit: number): number {
  let length = 0;
  while (length < limit && units[a + length] === units[b + length] && units[a + length] !== BOUNDARY)
    length++;
  return length;
}

function endOfWord(units: Uint16Array, start: number): number {
  let end = start;
  while (units[end] !== BOUNDARY) end++;
  return end;
}

const isHighSurrogate = (unit: number) => (unit & 0xfc00) === 0xd800;
const isLowSurrogate = (unit: number) => (unit & 0xfc00) === 0xdc00;
