import type {
  Example,
  ListwiseExample,
  Message,
  PreferenceExample,
  Prompt,
  StepwiseExample,
  ToolDefinition,
} from './example.ts';
import type { ChatTemplate, RenderedChat } from './text/chat-template.ts';
import type { TokenSequence } from './token-sequence.ts';

/** What encoding needs of a tokenizer; `Tokenizer` of `@attune/tokenizer` has it. */
export interface TokenEncoder {
  /** Ids of a text. With `specialTokens: 'text'`, special tokens written out in it are ordinary characters. */
  encodeIds(
    text: string,
    options?: { specialTokens?: 'text'; addSpecialTokens?: boolean },
  ): ArrayLike<number>;
  /** Special tokens with their ids. */
  readonly specialTokens: Record<string, number>;
}

/** How examples become tokens. */
export interface ExampleEncoderOptions {
  tokenizer: TokenEncoder;
  /** Renders conversations; plain prompts become its user turn. Without one, prompt and answer are just joined. */
  template?: ChatTemplate;
  /** Without a template: stands between prompt and answer. Default: a line break. */
  separator?: string;
  /** Without a template: stands before each example. Default: nothing. */
  bosId?: number;
  /** Without a template: ends each answer and each text, and is a target. Default: nothing. */
  eosId?: number;
}

/** An answer in steps as tokens. */
export interface StepwiseSequence extends TokenSequence {
  /** For each step where its last token is in `ids`: the place at which the step is judged. */
  stepEnds: Int32Array;
  /** 1 where a step is right. */
  labels: Float32Array;
}

/** Breaks up special tokens that a message writes out, so that data cannot inject them through a template. */
const GUARD = '\uE0B2';

/** Turns examples into token sequences with exact target masks. Prompt and answer are encoded apart, as in generation. */
export class ExampleEncoder {
  readonly #options: ExampleEncoderOptions;
  /** Matches the tokenizer's special tokens, longest first. */
  readonly #special: RegExp | undefined;

  /** @throws when the template needs tokens that the tokenizer lacks */
  constructor(options: ExampleEncoderOptions) {
    this.#options = options;
    const tokens = Object.keys(options.tokenizer.specialTokens).sort((a, b) => b.length - a.length);
    const missing = options.template?.requiredTokens.filter((token) => !tokens.includes(token)) ?? [];
    if (missing.length > 0)
      throw new Error(
        `the chat template needs the special tokens ${missing.join(', ')}, which the tokenizer lacks; train it with them or choose its own template`,
      );
    const escaped = tokens.map((token) => token.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    this.#special = tokens.length > 0 ? new RegExp(`(${escaped.join('|')})`) : undefined;
  }

  /**
   * A sequence to imitate. Targets are every token of a text, every assistant turn of a conversation, the completion
   * after its prompt, whether it was judged (unpaired) or not.
   *
   * @throws when the example is a preference or a prompt alone, or holds messages and there is no template
   */
  supervised(example: Example): TokenSequence {
    switch (example.kind) {
      case 'text':
        return this.#joined('', example.text);
      case 'conversation':
        return this.#chat(example.messages, (spans) => spans, example.tools);
      case 'completion':
      case 'unpaired':
        return this.#answer(example.prompt, example.completion);
      default:
        throw new Error(
          `supervised training needs texts, conversations or completions, found a ${example.kind} example`,
        );
    }
  }

  /** Both answers after the prompt, each a sequence whose targets are the answer's tokens. */
  preference({ prompt, chosen, rejected }: PreferenceExample): {
    chosen: TokenSequence;
    rejected: TokenSequence;
  } {
    return { chosen: this.#answer(prompt, chosen), rejected: this.#answer(prompt, rejected) };
  }

  /** Each answer after the prompt, best first; targets are the answer's tokens. */
  listwise({ prompt, completions }: ListwiseExample): TokenSequence[] {
    return completions.map((completion) => this.#answer(prompt, completion));
  }

  /**
   * The prompt and its steps, each step encoded by itself and followed by `separator`, so that a step ends at a token
   * of its own. Targets are the steps' tokens.
   */
  stepwise({ kind, prompt, completions, labels }: StepwiseExample, separator = '\n'): StepwiseSequence {
    const out = new SequenceBuilder();
    out.push(this.prompt({ kind, prompt, completions, labels }), 0);
    const stepEnds = completions.map((step) => {
      out.push(this.#encodeText(step), 1);
      out.push(this.#encodeText(separator), 1);
      return out.length - 1;
    });
    return {
      ...out.finish(),
      stepEnds: Int32Array.from(stepEnds),
      labels: Float32Array.from(labels, Number),
    };
  }

  /**
   * The two texts of a pair, each by itself as plain text, without template, beginning or end. Of a completion or a
   * preference they are the prompt and the (better) answer.
   *
   * @throws when the example holds no two texts
   */
  texts(example: Example): { query: Int32Array; positive: Int32Array } {
    const [query, positive] = pairOf(example);
    const encode = (text: string) => Int32Array.from(this.#encodeText(text));
    return { query: encode(query), positive: encode(positive) };
  }

  /** What the model is given to continue: the prompt of any example that has one, up to the assistant's header. */
  prompt(example: Example): Int32Array {
    if (!('prompt' in example))
      throw new Error(`sampling needs examples with a prompt, found a ${example.kind} example`);
    const { template } = this.#options;
    if (!template) return this.#joined(this.#plain(example.prompt), undefined).ids;
    const messages = this.#guarded(asMessages(example.prompt));
    return this.#encode({ text: template.render(messages, { addGenerationPrompt: true }), assistant: [] })
      .ids;
  }

  #answer(prompt: Prompt, completion: string): TokenSequence {
    if (!this.#options.template) return this.#joined(this.#plain(prompt), completion);
    // Earlier assistant turns belong to the prompt: only the last one is the answer.
    return this.#chat([...asMessages(prompt), { role: 'assistant', content: completion }], (spans) =>
      spans.slice(-1),
    );
  }

  #chat(
    messages: Message[],
    choose: (spans: RenderedChat['assistant']) => RenderedChat['assistant'],
    tools?: readonly ToolDefinition[],
  ): TokenSequence {
    if (!this.#options.template) throw new Error(NEEDS_TEMPLATE);
    const { text, assistant } = this.#options.template.renderMasked(this.#guarded(messages), {
      tools: tools && this.#guarded(tools),
    });
    return this.#encode({ text, assistant: choose(assistant) });
  }

  /** A copy whose every text, however deep, has its special tokens broken up. */
  #guarded<T>(values: readonly T[]): T[] {
    const special = this.#special && new RegExp(this.#special, 'g');
    return special ? values.map((value) => guard(value, special) as T) : [...values];
  }

  /** Encodes rendered text; its spans for the assistant become targets. */
  #encode({ text, assistant }: RenderedChat): TokenSequence {
    const out = new SequenceBuilder();
    let at = 0;
    for (const [start, end] of assistant) {
      this.#encodeTemplateText(text.slice(at, start), 0, out);
      this.#encodeTemplateText(text.slice(start, end), 1, out);
      at = end;
    }
    this.#encodeTemplateText(text.slice(at), 0, out);
    return out.finish();
  }

  #encodeTemplateText(text: string, target: 0 | 1, out: SequenceBuilder): void {
    const { tokenizer } = this.#options;
    for (const piece of this.#special ? text.split(this.#special) : [text]) {
      const id = Object.hasOwn(tokenizer.specialTokens, piece) ? tokenizer.specialTokens[piece] : undefined;
      if (id !== undefined) out.push([id], target);
      else if (piece !== '') out.push(this.#encodeText(piece.replaceAll(GUARD, '')), target);
    }
  }

  #joined(prompt: string, completion: string | undefined): TokenSequence {
    const { bosId, eosId } = this.#options;
    const out = new SequenceBuilder();
    if (bosId !== undefined) out.push([bosId], 0);
    if (prompt !== '') out.push(this.#encodeText(prompt), 0);
    if (completion !== undefined) {
      out.push(this.#encodeText(completion), 1);
      if (eosId !== undefined) out.push([eosId], 1);
    }
    return out.finish();
  }

  #plain(prompt: Prompt): string {
    if (typeof prompt !== 'string') throw new Error(NEEDS_TEMPLATE);
    return prompt + (this.#options.separator ?? '\n');
  }

  #encodeText(text: string): ArrayLike<number> {
    return this.#options.tokenizer.encodeIds(text, { specialTokens: 'text', addSpecialTokens: false });
  }
}

const NEEDS_TEMPLATE =
  'the data holds conversations, which need a chat template; name one (chatml is built in)';

function asMessages(prompt: Prompt): Message[] {
  return typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : prompt;
}

function guard(value: unknown, special: RegExp): unknown {
  if (typeof value === 'string') return value.replace(special, (token) => token[0] + GUARD + token.slice(1));
  if (Array.isArray(value)) return value.map((inner) => guard(inner, special));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, guard(inner, special)]));
}

/** The two texts of an example. */
function pairOf(example: Example): [string, string] {
  const spoken = (prompt: Prompt) =>
    typeof prompt === 'string' ? prompt : prompt.map(({ content }) => content).join('\n');
  switch (example.kind) {
    case 'contrastive':
      return [example.query, example.positive];
    case 'completion':
      return [spoken(example.prompt), example.completion];
    case 'preference':
      return [spoken(example.prompt), example.chosen];
    default:
      throw new Error(
        `the algorithm learns from pairs of texts and needs query and positive (or prompt and completion), found a ${example.kind} example`,
      );
  }
}

class SequenceBuilder {
  readonly #ids: number[] = [];
  readonly #mask: number[] = [];

  get length(): number {
    return this.#ids.length;
  }

  push(ids: ArrayLike<number>, target: 0 | 1): void {
    for (let i = 0; i < ids.length; i++) {
      this.#ids.push(ids[i]!);
      this.#mask.push(target);
    }
  }

  finish(): TokenSequence {
    return { ids: Int32Array.from(this.#ids), mask: Uint8Array.from(this.#mask) };
  }
}
