import { bytesToBase64 } from '../text/base64.ts';
import { CharsMap } from '../text/chars-map.ts';
import { compileCharsMap } from '../text/chars-map-writer.ts';
import type { ComponentJson } from '../tokenizer-json.ts';
import { NORMALIZATIONS, type Normalization } from './normalization-rules.ts';

/** A `Replace` step of a normalizer or decoder. */
export const replace = (pattern: { String: string } | { Regex: string }, content: string): ComponentJson => ({
  type: 'Replace',
  pattern,
  content,
});

/**
 * `Precompiled` rewrites single characters and graphemes of up to five bytes. What else the named rules compose, NFC has
 * to; other rules for several characters become a replacement each.
 * @throws where such rules are too many or depend on one another
 */
export function rewriting(name: string, charsmap: Uint8Array): ComponentJson[] {
  if (charsmap.length === 0) return [];
  const precompiled = (map: Uint8Array) => ({
    type: 'Precompiled',
    precompiled_charsmap: bytesToBase64(map),
  });
  if (NORMALIZATIONS.includes(name as Normalization)) {
    return [{ type: 'NFC' }, precompiled(charsmap), { type: 'NFC' }];
  }
  const rules = new CharsMap(charsmap).rules();
  const isSingle = (text: string) => text.length === (text.codePointAt(0)! > 0xffff ? 2 : 1);
  const several = [...rules]
    .filter(([source]) => !isSingle(source))
    .sort((a, b) => b[0].length - a[0].length);
  requireApart(several, rules);
  const single = new Map([...rules].filter(([source]) => isSingle(source)));
  const steps = several.map(([source, target]) => replace({ String: source }, target));
  return single.size > 0 ? [...steps, precompiled(compileCharsMap(single))] : steps;
}

const MOST_REPLACEMENTS = 1000;

/** One replacement after the other must come to what all at once do, from left to right. */
function requireApart(several: [string, string][], rules: Map<string, string>): void {
  if (several.length > MOST_REPLACEMENTS) {
    throw new Error(
      `tokenizer.json has no counterpart for ${several.length} rules that rewrite several characters; at most ${MOST_REPLACEMENTS} can be replacements`,
    );
  }
  for (const [source, target] of several) {
    // Single characters are rewritten last, so they matter only to what has come out by then.
    const single = [...target].find((char) => rules.has(char));
    const other =
      single ??
      several.map(([each]) => each).find((each) => each !== source && interferes(source, target, each));
    if (other === undefined) continue;
    throw new Error(
      `tokenizer.json has no counterpart for the rules for ${JSON.stringify(source)} and ${JSON.stringify(other)}, which overlap or follow from each other`,
    );
  }
}

/** Whether `other` may begin within `source`, or hold what that was replaced by. */
function interferes(source: string, target: string, other: string): boolean {
  for (let at = 1; at < source.length; at++) {
    if (other.startsWith(source.slice(at)) || source.startsWith(other, at)) return true;
  }
  return [...target].some((char) => other.includes(char));
}
