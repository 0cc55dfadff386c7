import { CATEGORIES, CATEGORY_RUNS } from './unicode-categories.data.ts';

/**
 * Unicode 16 general categories, the version of the reference implementations. JavaScript engines each know
 * another version; pre-tokenization must not depend on which engine runs it.
 */
interface Run {
  start: number;
  end: number;
  category: string;
}

let decoded: Run[] | undefined;

function runs(): Run[] {
  if (decoded) return decoded;
  decoded = [];
  let start = 0;
  for (const [, letter, length] of CATEGORY_RUNS.matchAll(/([A-^])([0-9a-z]*)/g)) {
    const end = start + (length ? Number.parseInt(length, 36) : 1);
    decoded.push({ start, end, category: CATEGORIES[letter!.charCodeAt(0) - 65]! });
    start = end;
  }
  return decoded;
}

/** Sets `bit` for every code point of the categories: full names (`Lu`) or their first letters (`L`). */
export function markCategories(classes: Uint8Array, names: readonly string[], bit: number): void {
  for (const { start, end, category } of runs()) {
    if (!names.includes(category) && !names.includes(category[0]!)) continue;
    for (let codePoint = start; codePoint < end; codePoint++) classes[codePoint]! |= bit;
  }
}

const rangeCache = new Map<string, string>();

/** The inside of a regular expression class that matches a category, or null where there is none so named. */
export function categoryRanges(name: string): string | null {
  const cached = rangeCache.get(name);
  if (cached !== undefined) return cached;
  const matching = runs().filter(({ category }) => category === name || category[0] === name);
  if (matching.length === 0) return null;
  const joined: [number, number][] = [];
  for (const { start, end } of matching) {
    const last = joined.at(-1);
    if (last && last[1] === start) last[1] = end;
    else joined.push([start, end]);
  }
  const ranges = joined.map(([start, end]) => `${escaped(start)}-${escaped(end - 1)}`).join('');
  rangeCache.set(name, ranges);
  return ranges;
}

const escaped = (codePoint: number) => `\\u{${codePoint.toString(16)}}`;
