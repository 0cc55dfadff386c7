import { metaspaceOptions } from '../pre-tokenizers/metaspace.ts';
import { anyOf } from '../text/any-of.ts';
import { base64ToBytes } from '../text/base64.ts';
import { CharsMap } from '../text/chars-map.ts';
import { compileCharsMap } from '../text/chars-map-writer.ts';
import type { ComponentJson, TokenizerJson } from '../tokenizer-json.ts';
import type { Piece } from './model-file.ts';

/** @throws always, with what SentencePiece has no counterpart for */
export function refuse(what: string): never {
  throw new Error(`SentencePiece has no counterpart for ${what}`);
}

export interface NormalizerParts {
  /** The name that SentencePiece has for the rules, or `user_defined`. */
  name: string;
  precompiledCharsmap: Uint8Array;
  addDummyPrefix: boolean;
  removeExtraWhitespaces: boolean;
  /** User-defined symbols that a pre-tokenizer keeps together. */
  symbols: ReadonlySet<string>;
}

/** What a normalizer and a pre-tokenizer do, in SentencePiece's terms. */
export function readNormalizer(json: Pick<TokenizerJson, 'normalizer' | 'pre_tokenizer'>): NormalizerParts {
  const parts = {
    addDummyPrefix: false,
    removeExtraWhitespaces: false,
    escapes: false,
    symbols: new Set<string>(),
  };
  const rest = flat(json.normalizer, 'normalizers').filter((step) => !readSpaces(step, parts));
  for (const step of flat(json.pre_tokenizer, 'pretokenizers')) readPreTokenizer(step, parts);
  if (!parts.escapes) refuse('spaces that do not become ▁ (by Metaspace or a replacement)');
  const { addDummyPrefix, removeExtraWhitespaces, symbols } = parts;
  return { ...readRules(rest), addDummyPrefix, removeExtraWhitespaces, symbols };
}

function flat(json: ComponentJson | null, steps: string): ComponentJson[] {
  if (!json) return [];
  return json.type === 'Sequence'
    ? (json[steps] as ComponentJson[]).flatMap((each) => flat(each, steps))
    : [json];
}

type Parts = Omit<NormalizerParts, 'name' | 'precompiledCharsmap' | 'symbols'> & {
  escapes: boolean;
  symbols: Set<string>;
};

/** How this package and transformers write what SentencePiece does about spaces. */
const COLLAPSING = ['\\A +', ' +\\z', '\\A +| +\\z', ' {2,}', '▁+\\z'];

function readSpaces(step: ComponentJson, parts: Parts): boolean {
  const { String: literal, Regex: regex = '' } = (step.pattern ?? {}) as { String?: string; Regex?: string };
  if (step.type === 'Prepend' && step.prepend === '▁') parts.addDummyPrefix = true;
  else if (step.type === 'Strip') parts.removeExtraWhitespaces = true;
  else if (step.type === 'Replace' && COLLAPSING.includes(regex)) parts.removeExtraWhitespaces = true;
  else if (step.type === 'Replace' && regex === '\\A▁')
    return true; // what Metaspace would leave out
  else if (step.type === 'Replace' && literal === ' ' && step.content === '▁') parts.escapes = true;
  else return false;
  return true;
}

function readPreTokenizer(step: ComponentJson, parts: Parts): void {
  if (step.type === 'Metaspace') {
    const { replacement, prepend } = metaspaceOptions(step);
    if (replacement !== '▁') refuse(`Metaspace with ${JSON.stringify(replacement)} for ▁`);
    parts.escapes = true;
    parts.addDummyPrefix ||= prepend !== 'never';
    return;
  }
  const { Regex: pattern = '' } = (step.pattern ?? {}) as { Regex?: string };
  const symbols = pattern.split(/(?<!\\)\|/).map((each) => each.replace(/\\(.)/gs, '$1'));
  const isSymbols = step.type === 'Split' && step.behavior === 'Isolated' && anyOf(symbols) === pattern;
  if (!isSymbols) refuse(`the pre-tokenizer ${step.type}`);
  for (const symbol of symbols) parts.symbols.add(symbol);
}

/** The rewriting rules: `Precompiled`, NFC around it, replacements before it. */
function readRules(steps: ComponentJson[]): { name: string; precompiledCharsmap: Uint8Array } {
  if (steps.length === 0) return { name: 'identity', precompiledCharsmap: new Uint8Array(0) };
  const types = steps.map(({ type }) => type).join(' ');
  const precompiled = steps.find(({ type }) => type === 'Precompiled');
  const charsmap = precompiled && base64ToBytes(precompiled.precompiled_charsmap as string);
  if (charsmap && (types === 'Precompiled' || types === 'NFC Precompiled NFC')) {
    return {
      name: types === 'Precompiled' ? 'user_defined' : nameOf(new CharsMap(charsmap)),
      precompiledCharsmap: charsmap,
    };
  }
  const other = steps.find(({ type, pattern }, i) => {
    const isLiteral = type === 'Replace' && Boolean((pattern as { String?: string }).String);
    return !isLiteral && !(type === 'Precompiled' && i === steps.length - 1);
  });
  if (other)
    refuse(`the normalizer ${other.type}${other.pattern ? ` of ${JSON.stringify(other.pattern)}` : ''}`);
  const rules = new Map(charsmap ? new CharsMap(charsmap).rules() : []);
  for (const { type, pattern, content } of steps) {
    if (type === 'Replace') rules.set((pattern as { String: string }).String, content as string);
  }
  return { name: 'user_defined', precompiledCharsmap: compileCharsMap(rules) };
}

/** Which of the named rules these are. */
function nameOf(rules: CharsMap): string {
  return `${rules.exact('\t') === ' ' ? 'nmt_' : ''}nfkc${rules.exact('A') === 'a' ? '_cf' : ''}`;
}

/** The ids that a template puts before and after a sequence, -1 for none. */
export function readTemplate(
  processor: ComponentJson | null,
  pieces: Piece[],
): { bosId: number; eosId: number } {
  const named = (name: string) => pieces.findIndex(({ piece }) => piece === name);
  const ids = { bosId: named('<s>'), eosId: named('</s>') };
  if (!processor) return ids;
  if (processor.type !== 'TemplateProcessing') refuse(`the post-processor ${processor.type}`);
  const template = processor.single as ({ SpecialToken?: { id: string } } & { Sequence?: unknown })[];
  const special = processor.special_tokens as Record<string, { ids: number[] }>;
  const sequence = template.findIndex((each) => each.Sequence);
  template.forEach(({ SpecialToken: token }, i) => {
    if (!token) return;
    const found = special[token.id]?.ids ?? [];
    if (found.length !== 1 || Math.abs(i - sequence) !== 1)
      refuse('a template of several tokens before or after a text');
    ids[i < sequence ? 'bosId' : 'eosId'] = found[0]!;
  });
  return ids;
}

/** @throws where tokens are decoded in another way than SentencePiece's */
export function checkDecoder(decoder: ComponentJson | null): void {
  const known = ['Replace', 'ByteFallback', 'Fuse', 'Strip', 'Metaspace'];
  const other = flat(decoder, 'decoders').find(({ type }) => !known.includes(type));
  if (other) refuse(`the decoder ${other.type}`);
}
