import type { ComponentJson } from './tokenizer-json.ts';

/** What a field must be: a name for messages, and the test. */
type Kind = readonly [name: string, test: (value: unknown) => boolean];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;
const isTyped = (value: unknown) => isObject(value) && typeof value.type === 'string';
const isTokenPair = (value: unknown) =>
  Array.isArray(value) && typeof value[0] === 'string' && isCount(value[1]);
const isStrings = (value: unknown) => Array.isArray(value) && value.every((each) => typeof each === 'string');

const text: Kind = ['a string', (value) => typeof value === 'string'];
const character: Kind = ['one character', (value) => typeof value === 'string' && [...value].length === 1];
const count: Kind = ['an integer >= 0', isCount];
const pair: Kind = ['[token, id]', isTokenPair];
const steps: Kind = [
  'an array of components with a type',
  (value) => Array.isArray(value) && value.every(isTyped),
];
const pattern: Kind = [
  '{"String": ...} or {"Regex": ...}',
  (value) => isObject(value) && (typeof value.String === 'string' || typeof value.Regex === 'string'),
];
const template: Kind = [
  'an array of {"Sequence": {id: "A" | "B", type_id}} and {"SpecialToken": {id, type_id}}',
  (value) => Array.isArray(value) && value.every(isTemplatePiece),
];
const specialTokens: Kind = [
  'an object of {ids, tokens}, equally many',
  (value) => isObject(value) && Object.values(value).every(isSpecialToken),
];

function isTemplatePiece(value: unknown): boolean {
  if (!isObject(value)) return false;
  const piece = value.Sequence ?? value.SpecialToken;
  if (!isObject(piece) || typeof piece.id !== 'string' || !isCount(piece.type_id)) return false;
  return !value.Sequence || piece.id === 'A' || piece.id === 'B';
}

function isSpecialToken(value: unknown): boolean {
  if (!isObject(value) || !Array.isArray(value.ids) || !isStrings(value.tokens)) return false;
  return value.ids.every(isCount) && value.ids.length === (value.tokens as string[]).length;
}

/** The fields that a component cannot do without, by part of the tokenizer and type. */
const REQUIRED: Record<string, Record<string, Record<string, Kind>>> = {
  normalizer: {
    Precompiled: { precompiled_charsmap: text },
    Prepend: { prepend: text },
    Replace: { pattern, content: text },
    Sequence: { normalizers: steps },
  },
  pre_tokenizer: {
    CharDelimiterSplit: { delimiter: character },
    Split: { pattern, behavior: text },
    Sequence: { pretokenizers: steps },
  },
  post_processor: {
    BertProcessing: { sep: pair, cls: pair },
    RobertaProcessing: { sep: pair, cls: pair },
    TemplateProcessing: { single: template, pair: template, special_tokens: specialTokens },
    Sequence: { processors: steps },
  },
  decoder: {
    Replace: { pattern, content: text },
    Strip: { content: character, start: count, stop: count },
    Sequence: { decoders: steps },
  },
};

/** Fields that may be missing but not be something else. */
const OPTIONAL: Record<string, Kind> = {
  replacement: character,
  prefix: text,
  suffix: text,
  pad_token: text,
  word_delimiter_token: text,
  length: ['an integer >= 1', (value) => isCount(value) && value !== 0],
};

/**
 * Makes the factory of a component from those of its part, after checking the component's fields.
 * @throws where the type is unknown, or a field is missing or of the wrong kind
 */
export function createComponent<T>(
  part: 'normalizer' | 'pre_tokenizer' | 'post_processor' | 'decoder',
  factories: Record<string, (json: ComponentJson) => T>,
  json: ComponentJson,
): T {
  const factory = isObject(json) && Object.hasOwn(factories, json.type) ? factories[json.type] : undefined;
  if (!factory) {
    throw new Error(
      `tokenizer.json: ${part}.type must be one of ${Object.keys(factories).join(', ')}, found ${JSON.stringify(json?.type)}`,
    );
  }
  const required = REQUIRED[part]![json.type] ?? {};
  const present = Object.entries(OPTIONAL).filter(([field]) => json[field] !== undefined);
  for (const [field, [name, test]] of [...Object.entries(required), ...present]) {
    if (test(json[field])) continue;
    const found = JSON.stringify(json[field])?.slice(0, 60);
    throw new Error(`tokenizer.json: ${part} ${json.type}.${field} must be ${name}, found ${found}`);
  }
  return factory(json);
}
