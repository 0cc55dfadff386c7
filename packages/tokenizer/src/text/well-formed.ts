/**
 * A copy of the text in which every lone surrogate is U+FFFD, as it would be after a trip through UTF-8.
 * The length in code units stays the same, so offsets do too.
 */
export const wellFormed = (text: string): string =>
  // Part of ES2024, which every supported runtime has but the ES2023 type library has not.
  (text as string & { toWellFormed(): string }).toWellFormed();
