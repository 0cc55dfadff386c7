import type { EncodeOptions } from '../encode-options.ts';
import type { AddedTokenOptions, Tokenizer } from '../tokenizer.ts';

/** The special tokens that `tokenizer_config.json` gives a role. */
export type TokenRole = 'bos' | 'eos' | 'unk' | 'sep' | 'pad' | 'cls' | 'mask';
const ROLES: readonly TokenRole[] = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'];

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A model's `tokenizer_config.json`: which special token is for what, how long texts may be, on which side to
 * pad. What is not interpreted here (the chat template, the class) is kept, so that writing it loses nothing.
 */
export class TokenizerConfig {
  readonly #json: Json;
  /** Special tokens by role, those that are set. */
  readonly roles: Partial<Record<TokenRole, string>> = {};
  /** Special tokens without a role. */
  readonly additional: string[];
  readonly #added: (AddedTokenOptions & { id: number })[];

  private constructor(json: Json) {
    this.#json = json;
    for (const role of ROLES) {
      const value = json[`${role}_token`];
      if (value !== undefined && value !== null) this.roles[role] = contentOf(value, `${role}_token`);
    }
    const additional = json.additional_special_tokens ?? json.extra_special_tokens ?? [];
    const list = isObject(additional) ? Object.values(additional) : additional;
    if (!Array.isArray(list)) fail('additional_special_tokens', 'an array', additional);
    this.additional = (list as unknown[]).map((value, i) =>
      contentOf(value, `additional_special_tokens[${i}]`),
    );
    this.#added = readAdded(json.added_tokens_decoder);
  }

  /**
   * Reads a `tokenizer_config.json`, as text or parsed.
   * @throws where a field is of the wrong kind, with the field, the value found and the value wanted
   */
  static fromJSON(json: string | object): TokenizerConfig {
    const parsed: unknown = typeof json === 'string' ? JSON.parse(json) : json;
    if (!isObject(parsed)) fail('the file', 'an object', parsed);
    return new TokenizerConfig(parsed as Json);
  }

  /** What was read; `JSON.stringify(config, null, 2)` writes the file. */
  toJSON(): Json {
    return this.#json;
  }

  /** Tokens that the model was made for, or undefined where the file says none or one without meaning. */
  get maxLength(): number | undefined {
    const length = this.#json.model_max_length;
    // Files without a limit say 10³⁰.
    return typeof length === 'number' && length > 0 && length < 1e12 ? length : undefined;
  }

  /** Truncation and padding as the file has them, to be handed to `encode`. */
  get encodeOptions(): Pick<EncodeOptions, 'truncation' | 'padding'> {
    const side = (field: string) => (this.#json[field] === 'left' ? 'Left' : 'Right');
    const { maxLength } = this;
    const { pad } = this.roles;
    return {
      truncation: maxLength === undefined ? false : { maxLength, direction: side('truncation_side') },
      padding: pad === undefined ? false : { direction: side('padding_side'), token: pad },
    };
  }

  /**
   * Adds the tokens of the file to a tokenizer that was read without them: those of `added_tokens_decoder` in
   * the order of their ids, then those with a role.
   * @throws where a token would get another id than the file says
   */
  applyTo(tokenizer: Tokenizer): Tokenizer {
    const ids = tokenizer.addTokens(this.#added);
    this.#added.forEach(({ content, id }, i) => {
      if (ids[i] === id) return;
      throw new Error(
        `tokenizer_config.json: ${JSON.stringify(content)} must have id ${id}, but the tokenizer gives it ${ids[i]}; are the files of one model?`,
      );
    });
    const named = [...Object.values(this.roles), ...this.additional];
    const missing = named.filter((content) => !this.#added.some((token) => token.content === content));
    tokenizer.addTokens(missing.map((content) => ({ content, special: true })));
    return tokenizer;
  }
}

/** The text of a token, which files give as a string or as an object. */
function contentOf(value: unknown, field: string): string {
  if (typeof value === 'string') return value;
  if (isObject(value) && typeof value.content === 'string') return value.content;
  return fail(field, 'a string or an object with content', value);
}

function readAdded(decoder: unknown): (AddedTokenOptions & { id: number })[] {
  if (decoder === undefined || decoder === null) return [];
  if (!isObject(decoder)) fail('added_tokens_decoder', 'an object of id to token', decoder);
  return Object.entries(decoder as Json).map(([id, token]) => {
    const field = `added_tokens_decoder[${JSON.stringify(id)}]`;
    if (!/^\d{1,8}$/.test(id)) fail(field, 'at an id', token);
    const { single_word, lstrip, rstrip, normalized, special } = isObject(token) ? (token as Json) : {};
    const flags = { single_word, lstrip, rstrip, normalized, special };
    for (const [flag, value] of Object.entries(flags)) {
      if (value !== undefined && typeof value !== 'boolean') fail(`${field}.${flag}`, 'true or false', value);
    }
    const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
    return { id: Number(id), content: contentOf(token, field), ...given };
  });
}

function fail(field: string, wanted: string, found: unknown): never {
  throw new Error(
    `tokenizer_config.json: ${field} must be ${wanted}, found ${JSON.stringify(found)?.slice(0, 60)}`,
  );
}
