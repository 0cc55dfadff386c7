/** A number as people write it: sign, currency, thousands separators, decimals, a percent sign, or a simple fraction. */
const NUMBER = String.raw`[-−+]?\s?[$€£]?\s?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:\s?/\s?\d+)?\s?%?`;
const WHOLE = new RegExp(String.raw`^(${NUMBER})\.?$`);
/** In running text a sign belongs to the number only when no digit or bracket stands before it: `10-3` ends in 3. */
const IN_TEXT = /(?:(?<![\d)]\s?)[-−])?[$€£]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:\/\d+)?/g;

/**
 * Reads a number as people write it: `1,234.50`, `$5`, `-3`, `50%` (as 50), `3/4`, `7.`.
 * @returns undefined when the text is no number
 */
export function parseNumber(text: string): number | undefined {
  const match = WHOLE.exec(text.trim());
  if (!match || !/\d/.test(text)) return undefined;
  const [numerator, denominator] = match[1]!
    .replace(/[$€£,%\s]/g, '')
    .replace('−', '-')
    .split('/');
  const value = Number(numerator) / (denominator === undefined ? 1 : Number(denominator));
  return Number.isFinite(value) ? value : undefined;
}

/** The last number in a text, as it is written there; undefined when there is none. */
export function lastNumber(text: string): string | undefined {
  return text.match(IN_TEXT)?.at(-1);
}

/** Whether two texts are the same number (`72`, `72.0`, `$72`), or, when one is no number, the same text. */
export function sameAnswer(a: string, b: string): boolean {
  const [x, y] = [parseNumber(a), parseNumber(b)];
  if (x === undefined || y === undefined) return a.trim() === b.trim();
  return Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x), Math.abs(y));
}
