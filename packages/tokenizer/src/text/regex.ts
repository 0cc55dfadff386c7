/**
 * Compiles a pattern of `tokenizer.json` (Oniguruma or Rust syntax) as a JavaScript regular expression.
 * @throws where the pattern uses syntax that has no equivalent
 */
export function compilePattern(source: string): RegExp {
  const translated = source
    .replaceAll('\\s', '\\p{White_Space}')
    .replaceAll('\\S', '\\P{White_Space}')
    .replaceAll('\\d', '\\p{Nd}');
  try {
    return new RegExp(translated, 'gu');
  } catch (error) {
    throw new Error(
      `pattern ${JSON.stringify(source)} has no JavaScript equivalent: ${(error as Error).message}`,
    );
  }
}
