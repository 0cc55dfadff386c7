/**
 * The text itself.
 * @throws where it is not a string, which JavaScript lets pass
 */
export function requireText(text: string): string {
  if (typeof text === 'string') return text;
  const found =
    text === null ? 'null' : Array.isArray(text) ? 'an array (encodeBatch takes several texts)' : typeof text;
  throw new TypeError(`a text must be a string, found ${found}`);
}

/**
 * A copy of the text in which every lone surrogate is U+FFFD, as it would be after a trip through UTF-8.
 * The length in code units stays the same, so offsets do too.
 * @throws where it is not a string
 */
export const wellFormed = (text: string): string =>
  requireText(text) &&
  // Part of ES2024, which every supported runtime has but the ES2023 type library has not.
  (text as string & { toWellFormed(): string }).toWellFormed();
