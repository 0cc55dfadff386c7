const ABBREVIATIONS = new Set(
  'mr mrs ms dr prof sr jr st vs etc inc ltd co corp dept est fig no vol pp al approx e.g i.e a.m p.m u.s u.k u.n ph.d jan feb mar apr jun jul aug sep sept oct nov dec gen col sgt rev hon'.split(
    ' ',
  ),
);

/** Splits a text into sentences: at `.`, `!`, `?` and their like, but not after abbreviations, initials and in numbers. */
export function splitSentences(text: string): string[] {
  const sentences: string[] = [];
  let start = 0;
  for (const match of text.matchAll(/[.!?。！？।]+["'”’)\]*]*(?=\s|$)|[。！？]/g)) {
    const end = match.index + match[0].length;
    if (match[0].startsWith('.') && !match[0].startsWith('..')) {
      const before = text.slice(Math.max(start, match.index - 40), match.index);
      const word = /[^\s("'“*[]+$/.exec(before)?.[0] ?? '';
      const next = /^\s*(\S)/.exec(text.slice(end))?.[1] ?? '';
      const initial = /^\p{Lu}$/u.test(word);
      // A list's number is no sentence.
      const marker = /^\d{1,3}$/.test(word) && /(?:^|\n)\s*\d+$/.test(before);
      if (next && (initial || marker || ABBREVIATIONS.has(word.toLowerCase()) || /\p{Ll}/u.test(next)))
        continue;
    }
    sentences.push(text.slice(start, end).trim());
    start = end;
  }
  const rest = text.slice(start).trim();
  if (/[\p{L}\p{N}]/u.test(rest)) sentences.push(rest);
  return sentences.filter((sentence) => sentence !== '');
}

/** Words: runs of letters, digits and underscores. */
export function countWords(text: string): number {
  return text.match(/[\p{L}\p{N}\p{M}_]+/gu)?.length ?? 0;
}
