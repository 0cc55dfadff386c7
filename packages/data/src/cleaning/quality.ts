/** Limits of `qualityProblems`; Infinity or 0 switches one off. */
export interface QualityLimits {
  /** Words of a text, and letters of a word on average. Default 50 to 100,000 and 3 to 10. */
  minWords?: number;
  maxWords?: number;
  minWordLength?: number;
  maxWordLength?: number;
  /** Most `#` or ellipses for each word. Default 0.1. */
  symbols?: number;
  /** Most lines that begin with a bullet, or end with an ellipsis. Default 0.9 and 0.3. */
  bulletLines?: number;
  ellipsisLines?: number;
  /** Least share of words with a letter. Default 0.8. */
  letters?: number;
  /** Least number of different words out of the, be, to, of, and, that, have, with. Default 2; 0 for other languages. */
  stopWords?: number;
  /** Most duplicate lines and paragraphs, by their number. Default 0.3 each. */
  duplicateLines?: number;
  duplicateParagraphs?: number;
  /** Most characters in the commonest run of 2, 3, 4 words. Default 0.2, 0.18, 0.16. */
  commonRuns?: readonly [number, number, number];
  /** Most characters in repeated runs of 5 … 10 words. Default 0.15 … 0.1. */
  repeatedRuns?: readonly [number, number, number, number, number, number];
}

const STOP_WORDS = ['the', 'be', 'to', 'of', 'and', 'that', 'have', 'with'];

/**
 * What speaks against a text from the web, by the rules of Gopher (Rae et al. 2021, appendix A.1.1): too short or long,
 * strange words, symbols, bullets, no stop words, repetition.
 *
 * @returns the rules that it breaks with the value found; none for a good text
 */
export function qualityProblems(text: string, limits: QualityLimits = {}): string[] {
  const problems: string[] = [];
  const check = (name: string, value: number, least: number, most: number) => {
    if (value < least || value > most) {
      const shown = Number.isInteger(value) ? value : value.toFixed(3);
      problems.push(`${name}: ${shown}, ${value < least ? `less than ${least}` : `more than ${most}`}`);
    }
  };
  const words = text.split(/\s+/).filter((word) => word !== '');
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const paragraphs = text.split(/\n{2,}/).filter((paragraph) => paragraph.trim() !== '');
  const share = <T>(items: readonly T[], test: (item: T) => boolean) =>
    items.length === 0 ? 0 : items.filter(test).length / items.length;

  check('words', words.length, limits.minWords ?? 50, limits.maxWords ?? 100_000);
  const letters = words.reduce((sum, word) => sum + word.length, 0);
  if (words.length > 0)
    check('mean word length', letters / words.length, limits.minWordLength ?? 3, limits.maxWordLength ?? 10);
  const symbols = limits.symbols ?? 0.1;
  check('hashes a word', (text.split('#').length - 1) / Math.max(1, words.length), 0, symbols);
  check('ellipses a word', (text.match(/\.\.\.|…/g)?.length ?? 0) / Math.max(1, words.length), 0, symbols);
  check(
    'bullet lines',
    share(lines, (line) => /^\s*[-*•‣◦]/.test(line)),
    0,
    limits.bulletLines ?? 0.9,
  );
  check(
    'lines ending in an ellipsis',
    share(lines, (line) => /(\.\.\.|…)\s*$/.test(line)),
    0,
    limits.ellipsisLines ?? 0.3,
  );
  check(
    'words with a letter',
    share(words, (word) => /\p{L}/u.test(word)),
    limits.letters ?? 0.8,
    1,
  );
  const present = new Set(words.map((word) => word.toLowerCase()));
  check('stop words', STOP_WORDS.filter((word) => present.has(word)).length, limits.stopWords ?? 2, Infinity);
  check('duplicate lines', duplicateShare(lines), 0, limits.duplicateLines ?? 0.3);
  check('duplicate paragraphs', duplicateShare(paragraphs), 0, limits.duplicateParagraphs ?? 0.3);
  for (const [i, most] of (limits.commonRuns ?? [0.2, 0.18, 0.16]).entries())
    check(`commonest run of ${i + 2} words`, commonestShare(words, i + 2, letters), 0, most);
  for (const [i, most] of (limits.repeatedRuns ?? [0.15, 0.14, 0.13, 0.12, 0.11, 0.1]).entries())
    check(`repeated runs of ${i + 5} words`, repeatedShare(words, i + 5, letters), 0, most);
  return problems;
}

function duplicateShare(items: readonly string[]): number {
  return items.length === 0 ? 0 : 1 - new Set(items).size / items.length;
}

/** Share of a text's letters in the occurrences of its commonest run of n words; 0 when none comes twice. */
function commonestShare(words: readonly string[], n: number, letters: number): number {
  const counts = new Map<string, number>();
  let best = { run: '', count: 1 };
  for (let i = 0; i + n <= words.length; i++) {
    const run = words.slice(i, i + n).join(' ');
    const count = (counts.get(run) ?? 0) + 1;
    counts.set(run, count);
    if (count > best.count || (count === best.count && count > 1 && run.length > best.run.length))
      best = { run, count };
  }
  return best.count > 1 ? ((best.run.length - n + 1) * best.count) / letters : 0;
}

/** Share of a text's letters in runs of n words that came before, each letter counted once. */
function repeatedShare(words: readonly string[], n: number, letters: number): number {
  const seen = new Set<string>();
  let repeated = 0;
  let counted = 0;
  for (let i = 0; i + n <= words.length; i++) {
    const run = words.slice(i, i + n).join(' ');
    if (seen.has(run)) {
      for (let k = Math.max(i, counted); k < i + n; k++) repeated += words[k]!.length;
      counted = i + n;
    }
    seen.add(run);
  }
  return letters === 0 ? 0 : repeated / letters;
}
