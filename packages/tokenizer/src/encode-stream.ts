import type { SpecialTokens } from './encode-options.ts';
import { byteLevelScanner } from './pre-tokenizers/fast-scanner.ts';
import { anyOf } from './text/any-of.ts';
import type { AddedTokenJson, ComponentJson, TokenizerJson } from './tokenizer-json.ts';

/** Encodes text that arrives in pieces. The ids of all calls, joined, equal those of the whole text. */
export interface EncodeStream {
  /** The ids that no further text can change. */
  push(text: string): number[];
  /** The rest. The stream can then be used afresh. */
  end(): number[];
}

/** What a stream needs to know of its tokenizer. */
export interface StreamParts {
  json: Omit<TokenizerJson, 'model' | 'added_tokens'>;
  added: readonly AddedTokenJson[];
  special: SpecialTokens;
  /** The ids of a part of the text, without the tokens that a post-processor adds. */
  encode(text: string): number[];
  /** What the post-processor puts before and after the whole. */
  before: readonly number[];
  after: readonly number[];
}

/** Where a text may be cut so that both parts encode as they do together; see `lastCut`. */
type CutRule = 'words' | 'spaces' | 'never';

/** The stream of a tokenizer: it waits for the next cut, or (where none is known to be safe) for the end. */
export function createEncodeStream(parts: StreamParts): EncodeStream {
  const rule = cutRule(parts);
  const findTokens = tokenFinder(parts);
  let waiting = '';
  let begun = false;
  const begin = () => (begun ? [] : [...parts.before]);
  return {
    push(text) {
      waiting += text;
      const cut = lastCut(waiting, rule, findTokens);
      if (cut === 0) return [];
      const ids = begin().concat(parts.encode(waiting.slice(0, cut)));
      begun = true;
      waiting = waiting.slice(cut);
      return ids;
    },
    end() {
      const ids = begin().concat(parts.encode(waiting), parts.after);
      waiting = '';
      begun = false;
      return ids;
    },
  };
}

/** Normalizers that look at one character (and the marks on it) at a time. */
const LOCAL = [
  'NFC',
  'NFD',
  'NFKC',
  'NFKD',
  'Lowercase',
  'StripAccents',
  'Nmt',
  'BertNormalizer',
  'Precompiled',
];
const FORMS = LOCAL.slice(0, 4);
/** Pre-tokenizers in which every space ends what was before it. */
const AT_SPACES = ['BertPreTokenizer', 'Whitespace', 'WhitespaceSplit', 'Metaspace'];

function cutRule({ json, added, special }: StreamParts): CutRule {
  const { normalizer, pre_tokenizer } = json;
  const matchesNormalized = added.some((token) => token.normalized && isMatched(token, special));
  if (normalizer && matchesNormalized) return 'never';
  const isForm = !normalizer || FORMS.includes(normalizer.type);
  if (isForm && byteLevelScanner(pre_tokenizer ?? null) && splitsWords(pre_tokenizer!)) return 'words';
  return isLocal(normalizer) && cutsAtSpaces(pre_tokenizer) ? 'spaces' : 'never';
}

const isMatched = (token: AddedTokenJson, special: SpecialTokens) => !token.special || special !== 'text';

function isLocal(normalizer: ComponentJson | null): boolean {
  if (!normalizer) return true;
  if (normalizer.type === 'Sequence') return (normalizer.normalizers as ComponentJson[]).every(isLocal);
  return LOCAL.includes(normalizer.type);
}

function cutsAtSpaces(json: ComponentJson | null): boolean {
  if (json?.type === 'Sequence') return cutsAtSpaces((json.pretokenizers as ComponentJson[])[0] ?? null);
  return (
    json !== null &&
    AT_SPACES.includes(json.type) &&
    json.split !== false &&
    (json.replacement ?? '▁') === '▁'
  );
}

/** Not `ByteLevel` without its pattern, which leaves a text whole. */
const splitsWords = (json: ComponentJson) => json.type === 'Sequence' || json.use_regex !== false;

/** Finds the added tokens in a text, or null where there are none to match. */
type TokenFinder = {
  find(text: string): [start: number, end: number][];
  longest: number;
  loose: boolean;
} | null;

function tokenFinder({ added, special }: StreamParts): TokenFinder {
  if (!added.some((token) => isMatched(token, special))) return null;
  const literals = added.map(({ content }) => content);
  const regex = new RegExp(anyOf(literals), 'gu');
  return {
    find: (text) => Array.from(text.matchAll(regex), ({ index, 0: match }) => [index, index + match.length]),
    longest: Math.max(...literals.map((each) => each.length)),
    // These look at what stands beside them.
    loose: added.some((token) => token.lstrip || token.rstrip || token.single_word),
  };
}

const WORD = /^[\p{L}\p{N}]$/u;
/** Characters that begin a pre-token after a letter or digit in each pattern; the apostrophe may go with the letters. */
const BEGINS_SYMBOLS = /^[!-&(-/:-@[-`{-~。、！？「」『』（）]$/;

/**
 * The last place where a text may be cut. `words`: between a letter or digit and a symbol, a line end or a
 * space, or before a space that follows an ASCII symbol: none of the pre-token patterns joins or looks over
 * these. `spaces`: before a space that follows an ASCII character. Not within an added token or what may
 * become one. 0 where there is none.
 */
function lastCut(text: string, rule: CutRule, tokens: TokenFinder): number {
  if (rule === 'never') return 0;
  const matches = tokens?.find(text) ?? [];
  for (let at = text.length - Math.max(1, tokens?.longest ?? 0); at > 0; at--) {
    if (!isCut(text, at, rule)) continue;
    while (matches.length > 0 && matches.at(-1)![0] > at) matches.pop();
    const [start, end] = matches.at(-1) ?? [-1, -1];
    const isInside = tokens?.loose ? start <= at && at <= end : start < at && at < end;
    if (!isInside) return at;
  }
  return 0;
}

function isCut(text: string, at: number, rule: CutRule): boolean {
  const next = text[at]!;
  const before = text.charCodeAt(at - 1);
  const isAscii = before > 0x20 && before < 0x7f;
  if (next === ' ' && isAscii) return true;
  if (rule === 'spaces' || !(next === ' ' || next === '\n' || BEGINS_SYMBOLS.test(next))) return false;
  const isLow = (before & 0xfc00) === 0xdc00;
  return WORD.test(text.slice(at - (isLow && at > 1 ? 2 : 1), at));
}
