import { column, type Reward } from '../reward.ts';
import { detectLanguage, isWrittenIn, prose, scriptsOf } from './detect.ts';

/** Options of `languageConsistency`. */
export interface LanguageConsistencyOptions {
  /** ISO 639-1 code of the language wanted. Default: that of the row's `prompt`. */
  language?: string;
  /** Column that holds the language's code, or a text in the language wanted. Default `prompt`. */
  column?: string;
}

/**
 * The share of a text's words that are in the language wanted, from 0 to 1 (the language consistency reward of
 * DeepSeek-R1, arXiv 2501.12948 section 2.3.2). Words of another script do not count as in it, nor do those of sentences
 * recognised as another language; code, formulas and numbers are in none and are left out. 1 for a text without words, 0 for none.
 */
export function languageConsistency(options: LanguageConsistencyOptions = {}): Reward {
  const { language, column: name = 'prompt' } = options;
  return (completion, row) => {
    const wanted = language ?? languageOf(column(row, name));
    return languageShare(completion, wanted);
  };
}

/** @throws when the text is in no language that can be told */
function languageOf(text: string): string {
  if (/^[a-z]{2}(?:-\w+)?$/.test(text)) return text.slice(0, 2);
  const language = detectLanguage(text);
  if (language) return language;
  throw new Error(
    `languageConsistency: cannot tell the language of ${JSON.stringify(text.slice(0, 80))}; name it in a column or as \`language\``,
  );
}

/** The share of a text's words that are in a language. */
export function languageShare(text: string, language: string): number {
  const own = scriptsOf(language);
  let words = 0;
  let consistent = 0;
  for (const sentence of prose(text).split(/(?<=[.!?。！？؟।])\s*|\n+/)) {
    // Scripts without spaces count by letter, the others by word.
    const all = sentence.match(
      /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{M}]+/gu,
    );
    // A lone letter is a variable in any language.
    const pieces = (all ?? []).filter((piece) => !/^\p{Script=Latin}$/u.test(piece));
    const inScript = pieces.filter((piece) => own.some((script) => isWrittenIn(piece, script)));
    const found = inScript.length >= 4 ? detectLanguage(inScript.join(' ')) : undefined;
    words += pieces.length;
    if (found === undefined || found === language || !sharesScript(found, language))
      consistent += inScript.length;
  }
  // Numbers alone are in every language, nothing at all is in none.
  if (words === 0) return text.trim() === '' ? 0 : 1;
  return consistent / words;
}

/** Joined pieces of Chinese may look like Japanese and the reverse; script has decided there. */
function sharesScript(a: string, b: string): boolean {
  return scriptsOf(a).join() === scriptsOf(b).join();
}
