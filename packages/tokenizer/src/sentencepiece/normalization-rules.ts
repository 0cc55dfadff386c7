import { categoryRanges } from '../text/unicode-categories.ts';
import { NEWER_DECOMPOSITIONS, NEWER_FOLDINGS } from './newer-unicode.ts';

/** What texts are rewritten by: each source, longest first, to its target. */
export type NormalizationRules = ReadonlyMap<string, string>;

/** The rules that SentencePiece knows by name. */
export const NORMALIZATIONS = ['identity', 'nfkc', 'nmt_nfkc', 'nfkc_cf', 'nmt_nfkc_cf'] as const;
export type Normalization = (typeof NORMALIZATIONS)[number];

/**
 * The rules of a name, those that SentencePiece 0.2.3 has built in (Unicode 17), whatever Unicode the engine knows:
 * `nfkc` compatibility composition; `nmt_` odd spaces to spaces and control characters out; `_cf` case folding.
 * @throws where there is none of that name
 */
export function normalizationRules(name: Normalization): NormalizationRules {
  if (!NORMALIZATIONS.includes(name)) {
    throw new Error(`normalization must be one of ${NORMALIZATIONS.join(', ')}, found ${String(name)}`);
  }
  if (name === 'identity') return new Map();
  let rules = nfkcRules();
  if (name.startsWith('nmt_')) rules = withoutRedundant(withSpaces(rules));
  return name.endsWith('_cf') ? withoutRedundant(withCaseFolding(rules)) : rules;
}

/**
 * Reads rules as `normalization_rule_tsv` has them: a line `source⇥target` each, both code points in hexadecimal with
 * spaces between them; what follows a second tab is a remark. An empty target removes the source.
 * @throws where a line is none, with its number
 */
export function readNormalizationRules(tsv: string): NormalizationRules {
  const rules = new Map<string, string>();
  const lines = tsv.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  lines.forEach((line, number) => {
    const [source, target = ''] = line
      .split('\t')
      .map((field) => field.split(' ').filter(Boolean).map(hexadecimal));
    if (source!.length === 0 || [...source!, ...target].includes(null)) {
      throw new Error(
        `normalization rules, line ${number + 1}: must be code points in hexadecimal, a tab, code points ("41 302⇥C2"), found ${JSON.stringify(line.slice(0, 60))}`,
      );
    }
    rules.set(String.fromCodePoint(...(source as number[])), String.fromCodePoint(...(target as number[])));
  });
  return rules;
}

/** A code point that a text may hold, or null. */
function hexadecimal(digits: string): number | null {
  const code = /^(0[xX])?[0-9A-Fa-f]{1,8}$/.test(digits) ? Number.parseInt(digits, 16) : 0;
  return code > 0 && code <= 0x10ffff && (code & ~0x7ff) !== 0xd800 ? code : null;
}

/**
 * Every character to its composed compatibility form, and every sequence that decomposes to what some character
 * decomposes to. As SentencePiece builds them (`Builder::BuildNFKCMap`).
 */
function nfkcRules(): Map<string, string> {
  const rules = new Map<string, string>();
  /** The characters that decompose to one, themselves among them. */
  const sources = new Map<string, string[]>();
  const decomposed = new Map<string, string>();
  for (const char of assignedCharacters()) {
    const newer = NEWER_DECOMPOSITIONS.get(char);
    const nfkd = newer ?? char.normalize('NFKD');
    const isOne = nfkd.length === (nfkd.codePointAt(0)! > 0xffff ? 2 : 1);
    // The newer ones either stand for one older character or are what their parts compose to.
    const nfkc = newer === undefined ? char.normalize('NFKC') : isOne ? newer : char;
    if (nfkc !== char) rules.set(char, nfkc);
    if (isOne) sources.set(nfkd, [...(sources.get(nfkd) ?? []), char]);
    else decomposed.set(nfkd, newer === undefined ? nfkd.normalize('NFC') : char);
  }
  for (const [nfkd, nfkc] of decomposed) {
    if (nfkc === nfkd) continue;
    let spellings = [''];
    for (const char of nfkd) {
      spellings = spellings.flatMap((start) => sources.get(char)!.map((source) => start + source));
    }
    for (const spelling of spellings) if (spelling !== nfkc) rules.set(spelling, nfkc);
  }
  return withoutRedundant(rules);
}

/** Without the rules that shorter ones make needless. */
function withoutRedundant(rules: Map<string, string>): Map<string, string> {
  const byLength: [string, string][][] = [];
  for (const rule of rules) {
    const length = [...rule[0]].length;
    byLength[length] ??= [];
    byLength[length].push(rule);
  }
  const kept = new Map(byLength[1]);
  for (let length = 2; length < byLength.length; length++) {
    const needed = (byLength[length] ?? []).filter(([from, to]) => rewrite(from, kept, length - 1) !== to);
    for (const [from, to] of needed) kept.set(from, to);
  }
  return kept;
}

/** Rewrites a text by rules of up to `longest` characters, the longest that match first. */
function rewrite(text: string, rules: Map<string, string>, longest: number): string {
  const chars = [...text];
  let result = '';
  for (let at = 0; at < chars.length; ) {
    let length = Math.min(longest, chars.length - at);
    while (length > 0 && !rules.has(chars.slice(at, at + length).join(''))) length--;
    result += length > 0 ? rules.get(chars.slice(at, at + length).join('')) : chars[at];
    at += Math.max(1, length);
  }
  return result;
}

const REMOVED = [
  [0x01, 0x08],
  [0x0b, 0x0b],
  [0x0e, 0x1f],
  [0x7f, 0x7f],
  [0x8f, 0x8f],
  [0x9f, 0x9f],
] as const;
const SPACES = '\t\n\f\r\u061c\u1680\u200b\u200c\u200e\u200f\u2028\u2029\u2581\ufeff\ufffd';

function withSpaces(rules: Map<string, string>): Map<string, string> {
  const all = new Map(rules);
  for (const space of SPACES) all.set(space, ' ');
  for (const [first, last] of REMOVED) {
    for (let code = first; code <= last; code++) all.set(String.fromCharCode(code), '');
  }
  all.delete('\uff5e'); // the fullwidth tilde is used in Japanese for what a tilde is not
  return all;
}

function withCaseFolding(rules: Map<string, string>): Map<string, string> {
  const folded = new Map<string, string>();
  for (const [from, to] of rules) folded.set(from, Array.from(to, fold).join(''));
  for (const char of assignedCharacters()) {
    const target = fold(char);
    if (target !== char && !folded.has(char)) folded.set(char, target);
  }
  return folded;
}

/** Simple case folding (Unicode, `CaseFolding.txt`, statuses C and S). */
function fold(char: string): string {
  const newer = NEWER_FOLDINGS.get(char);
  if (newer !== undefined) return newer;
  const code = char.codePointAt(0)!;
  if (code === 0x131) return char; // dotless i: only Turkish folds it
  // Cherokee, alone among the scripts, folds to its capitals, which are older.
  if (code >= 0x13a0 && code <= 0x13f5) return char;
  if (code >= 0x13f8 && code <= 0x13fd) return String.fromCharCode(code - 8);
  if (code >= 0xab70 && code <= 0xabbf) return String.fromCharCode(code - 0x97d0);
  return single(single(char, char.toUpperCase()).toLowerCase(), null, char);
}

/** The mapped character, where it is only one, else `otherwise`. */
function single(char: string, mapped: string | null, otherwise: string = char): string {
  const result = mapped ?? char;
  return [...result].length === 1 ? result : otherwise;
}

/** The characters of Unicode 17 that rules may concern: assigned ones, without surrogates and U+0000. */
function* assignedCharacters(): Generator<string> {
  const unassigned = new RegExp(`[${categoryRanges('Cn')}\\0\\ud800-\\udfff]`, 'v');
  for (let code = 1; code <= 0x10ffff; code++) {
    const char = String.fromCodePoint(code);
    if (!unassigned.test(char) || NEWER_DECOMPOSITIONS.has(char) || NEWER_FOLDINGS.has(char)) yield char;
  }
}
