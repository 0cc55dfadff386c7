import type { AlignedText, Change } from '../text/aligned-text.ts';

type Form = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

/**
 * Where a character begins that nothing before it can combine with: not a mark, not a vowel or final
 * consonant of Hangul (conjoining or, for the compatibility forms, any), not a halfwidth voicing mark.
 */
const BOUNDARY = /(?=[^\p{M}\u1160-\u11ff\u3131-\u318e\uff9e-\uffdc])/u;

/** Unicode normalization that knows which source character each result came from. */
export function unicodeForm(form: Form): (text: AlignedText) => AlignedText {
  return (text) => {
    if (text.text.normalize(form) === text.text) return text;
    const changes: Change[] = [];
    for (const chunk of text.text.split(BOUNDARY)) alignChunk(chunk, form, changes);
    return text.transform(changes);
  };
}

/**
 * Aligns the characters of a normalized chunk: each stands in the place of the first source character whose
 * decomposition it uses up; source characters used up on the way are dropped.
 */
function alignChunk(chunk: string, form: Form, changes: Change[]): void {
  const normalized = chunk.normalize(form);
  if (normalized === chunk) {
    for (const char of chunk) changes.push([char, 0]);
    return;
  }
  const decomposed = form.startsWith('NFK') ? 'NFKD' : 'NFD';
  // For each character of the decomposed chunk: 1 where it begins a source character.
  const begins: number[] = [];
  for (const char of chunk) {
    [...char.normalize(decomposed)].forEach((_, i) => {
      begins.push(i === 0 ? 1 : 0);
    });
  }
  let at = 0;
  for (const char of normalized) {
    const size = [...char.normalize(decomposed)].length;
    const started = begins.slice(at, at + size).reduce((sum, begin) => sum + begin, 0);
    changes.push([char, begins[at] === 1 ? 1 - started : started === 0 ? 1 : -started + 1]);
    at += size;
  }
}
