import type { AnyTokenizer } from './load.ts';

/** What `inspect` shows of a vocabulary. */
export interface VocabularyStatistics {
  size: number;
  special: number;
  /** Number of tokens by length of their text in characters. */
  byLength: Map<number, number>;
  /** Number of tokens by the script of their first letter. */
  byScript: Map<string, number>;
  longest: string[];
  /** Tokens whose own text is encoded otherwise: they never come out of a text by themselves. */
  unreachable: string[];
}

const SCRIPTS = [
  'Latin',
  'Han',
  'Hiragana',
  'Katakana',
  'Hangul',
  'Cyrillic',
  'Arabic',
  'Greek',
  'Hebrew',
  'Devanagari',
  'Thai',
];
const PATTERNS = SCRIPTS.map((script) => [script, new RegExp(`\\p{Script=${script}}`, 'u')] as const);

function kindOf(text: string): string {
  if (text.includes('\ufffd')) return 'part of a character';
  for (const [script, pattern] of PATTERNS) if (pattern.test(text)) return script;
  if (/\p{L}/u.test(text)) return 'other letters';
  if (/\p{N}/u.test(text)) return 'numbers';
  return text.trim() === '' ? 'whitespace' : 'punctuation and symbols';
}

/** Counts a vocabulary. */
export function vocabularyStatistics(tokenizer: AnyTokenizer): VocabularyStatistics {
  const byLength = new Map<number, number>();
  const byScript = new Map<string, number>();
  const texts: string[] = [];
  const unreachable: string[] = [];
  let special = 0;
  for (let id = 0, left = tokenizer.vocabSize; left > 0 && id < tokenizer.vocabSize * 2; id++) {
    const token = tokenizer.idToToken(id);
    if (token === undefined) continue;
    left--;
    if (tokenizer.isSpecial(id)) {
      special++;
      continue;
    }
    const text = tokenizer.decode([id]);
    const length = [...text].length;
    byLength.set(length, (byLength.get(length) ?? 0) + 1);
    byScript.set(kindOf(text), (byScript.get(kindOf(text)) ?? 0) + 1);
    texts.push(token);
    if (!text.includes('\ufffd') && !reaches(tokenizer, token, text, id)) unreachable.push(token);
  }
  const longest = texts.sort((a, b) => [...b].length - [...a].length).slice(0, 10);
  return { size: tokenizer.vocabSize, special, byLength, byScript, longest, unreachable };
}

/** Whether a token comes out of some text made of itself: alone, or after a space. */
function reaches(tokenizer: AnyTokenizer, token: string, text: string, id: number): boolean {
  const continued = token.startsWith('##') ? `a${token.slice(2)}` : `a${text}`;
  return [text, ` ${text.trimStart()}`, continued].some((each) => tokenizer.encodeIds(each).includes(id));
}

/** How well a tokenizer compresses a text. */
export function compression(tokenizer: AnyTokenizer, text: string) {
  const tokens = tokenizer.encodeIds(text).length;
  const bytes = new TextEncoder().encode(text).length;
  return { bytes, tokens, bytesPerToken: tokens === 0 ? 0 : bytes / tokens };
}
