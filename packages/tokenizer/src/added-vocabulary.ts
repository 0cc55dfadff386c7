import { AddedTokenMatcher, type SpecialTokenRule } from './added-tokens.ts';
import type { SpecialTokens } from './encode-options.ts';
import type { Vocabulary } from './models/vocabulary.ts';
import type { Normalizer } from './normalizers/normalizer.ts';
import { AlignedText } from './text/aligned-text.ts';
import type { AddedTokenJson } from './tokenizer-json.ts';

/** A stretch of a text: one added token, or ordinary (normalized) text. */
export interface Segment {
  text: AlignedText;
  token: AddedTokenJson | null;
}

/** The tokens matched in texts ahead of the model. */
export class AddedVocabulary {
  readonly #vocabulary: Vocabulary;
  readonly #normalizer: Normalizer | null;
  readonly #byContent = new Map<string, AddedTokenJson>();
  readonly #byId = new Map<number, AddedTokenJson>();
  /** What the token looks like once normalized, where that differs. */
  readonly #normalizedForms = new Map<number, string>();
  specialIds: ReadonlySet<number> = new Set();
  #raw = new AddedTokenMatcher([]);
  #normalized = new AddedTokenMatcher([]);

  constructor(vocabulary: Vocabulary, normalizer: Normalizer | null) {
    this.#vocabulary = vocabulary;
    this.#normalizer = normalizer;
  }

  /** Adds tokens; a content that is known keeps its id, others get the one given or the next free one. */
  add(tokens: Iterable<Omit<AddedTokenJson, 'id'> & { id?: number }>): void {
    for (const token of tokens) {
      const { content, single_word, lstrip, rstrip, normalized, special } = token;
      if (content === '') continue;
      const known = this.#byContent.get(content)?.id ?? this.#vocabulary.idOf(content);
      const id = known ?? token.id ?? this.#nextId();
      const added = { id, content, single_word, lstrip, rstrip, normalized, special };
      this.#byContent.set(content, added);
      this.#byId.set(id, added);
      const form = normalized && this.#normalizer ? this.#normalizer(new AlignedText(content)).text : content;
      if (form !== content) this.#normalizedForms.set(id, form);
    }
    const all = [...this.#byId.values()];
    this.specialIds = new Set(all.filter((token) => token.special).map((token) => token.id));
    this.#raw = new AddedTokenMatcher(
      all.filter((token) => !token.normalized).map((token) => [token.content, token]),
    );
    this.#normalized = new AddedTokenMatcher(
      all
        .filter((token) => token.normalized)
        .map((token) => [this.#normalizedForms.get(token.id) ?? token.content, token]),
    );
  }

  get(content: string): AddedTokenJson | undefined {
    return this.#byContent.get(content);
  }

  byId(id: number): AddedTokenJson | undefined {
    return this.#byId.get(id);
  }

  /** In the order of their ids. */
  all(): AddedTokenJson[] {
    return [...this.#byId.values()].sort((a, b) => a.id - b.id);
  }

  /** What decoders get for an added token: its normalized form, which they know how to turn back. */
  decodingForm(id: number): string | undefined {
    return this.#normalizedForms.get(id) ?? this.#byId.get(id)?.content;
  }

  /** Takes the added tokens out of a text and normalizes what lies between. */
  split(text: string, special: SpecialTokens): Segment[] {
    const rule = ruleFor(special);
    const whole = new AlignedText(text);
    return this.#raw.split(text, rule).flatMap(({ start, end, token }): Segment[] => {
      const part = whole.slice(start, end);
      if (token) return [{ text: part, token }];
      const normal = this.#normalizer ? this.#normalizer(part) : part;
      return this.#normalized
        .split(normal.text, rule)
        .map((each) => ({ text: normal.slice(each.start, each.end), token: each.token }));
    });
  }

  /** The same without alignment, for a normalizer that works on strings. */
  splitStrings(
    text: string,
    special: SpecialTokens,
    normalize: (text: string) => string,
    visit: (text: string, start: number, end: number, token: AddedTokenJson | null) => void,
  ): void {
    const rule = ruleFor(special);
    for (const { start, end, token } of this.#raw.split(text, rule)) {
      if (token) {
        visit(text, start, end, token);
        continue;
      }
      const normal = normalize(start === 0 && end === text.length ? text : text.slice(start, end));
      for (const each of this.#normalized.split(normal, rule))
        visit(normal, each.start, each.end, each.token);
    }
  }

  #nextId(): number {
    let next = this.#vocabulary.limit;
    for (const id of this.#byId.keys()) next = Math.max(next, id + 1);
    return next;
  }
}

function ruleFor(special: SpecialTokens): SpecialTokenRule {
  if (special === 'allow') return () => 'match';
  if (special === 'text') return () => 'text';
  if (typeof special === 'string' && special !== 'refuse') {
    throw new Error(
      `specialTokens must be 'text', 'allow', 'refuse' or a list of tokens, found ${JSON.stringify(special)}`,
    );
  }
  if (special !== 'refuse') return ({ content }) => (special.includes(content) ? 'match' : 'text');
  return ({ content }) => {
    throw new Error(
      `encode: the text holds the special token ${JSON.stringify(content)}; pass specialTokens: 'allow' to encode it as that token or 'text' to encode it as text`,
    );
  };
}
