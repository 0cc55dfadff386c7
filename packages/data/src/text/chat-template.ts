import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from '@huggingface/jinja';
import type { Message, ToolDefinition } from '../example.ts';
import { TEMPLATES, type TemplateName } from './templates/index.ts';

/** Text that a chat template rendered, and which parts of it the assistant is to produce. */
export interface RenderedChat {
  text: string;
  /** `[start, end)` in `text`: each assistant turn with the token that ends it. */
  assistant: [start: number, end: number][];
}

/** Variables of a template beside the messages. */
export interface ChatTemplateOptions {
  /** `bos_token` in the template. Default: empty. */
  bosToken?: string;
  /** `eos_token` in the template. Default: empty. */
  eosToken?: string;
  /** Tokens that the tokenizer must have for the template to make sense. */
  requiredTokens?: readonly string[];
}

/** What `render` may be told. */
export interface RenderOptions {
  /** End with the header of an assistant turn, for the model to answer. Default false. */
  addGenerationPrompt?: boolean;
  /** Functions that the assistant may call; each template says in its own way how to call them. */
  tools?: readonly ToolDefinition[];
  /** Further variables of the template, e.g. `enable_thinking`. */
  variables?: Record<string, unknown>;
}

/** Private-use characters that stand for `{% generation %}` and `{% endgeneration %}` while a template renders. */
const BEGIN = '\uE0B0';
const END = '\uE0B1';

/** A Jinja chat template, as in `tokenizer_config.json`. */
export class ChatTemplate {
  readonly requiredTokens: readonly string[];
  /** The Jinja text, to be written into a model's `tokenizer_config.json`. */
  readonly source: string;
  readonly #template: Template;
  readonly #marked: boolean;
  readonly #constants: Record<string, unknown>;

  /**
   * @param source Jinja, in Hugging Face's dialect: blocks trim their line, and `{% generation %}` …
   *   `{% endgeneration %}` may mark what the assistant produces
   * @throws when the template is no valid Jinja
   */
  constructor(
    source: string,
    { bosToken = '', eosToken = '', requiredTokens = [] }: ChatTemplateOptions = {},
  ) {
    this.#marked = /{%-?\s*generation\s*-?%}/.test(source);
    try {
      this.#template = new Template(markGeneration(source));
    } catch (error) {
      throw new Error(`chat template is not valid Jinja: ${(error as Error).message}`, { cause: error });
    }
    this.#constants = { bos_token: bosToken, eos_token: eosToken };
    this.requiredTokens = requiredTokens;
    this.source = source;
  }

  /** ChatML (`<|im_start|>role … <|im_end|>`), built in. */
  static chatml(): ChatTemplate {
    return ChatTemplate.named('chatml');
  }

  /**
   * A built-in template, with the special tokens of its models.
   * @throws naming those there are when the name is none of them
   */
  static named(name: TemplateName): ChatTemplate {
    if (!Object.hasOwn(TEMPLATES, name))
      throw new Error(
        `no built-in chat template is called '${name}'; there are ${ChatTemplate.names.join(', ')}`,
      );
    const { source, ...options } = TEMPLATES[name];
    return new ChatTemplate(source, options);
  }

  /** Names of the built-in templates. */
  static readonly names = Object.keys(TEMPLATES) as readonly TemplateName[];

  /**
   * The template of a model folder: `chat_template.jinja`, or `chat_template` in `tokenizer_config.json` (the one
   * called `default` where there are several).
   *
   * @returns undefined when the folder has none
   */
  static load(folder: string): ChatTemplate | undefined {
    const configPath = join(folder, 'tokenizer_config.json');
    const config = existsSync(configPath) ? JSON.parse(readFileSync(configPath, 'utf8')) : {};
    const jinja = join(folder, 'chat_template.jinja');
    const named = config.chat_template;
    const source = existsSync(jinja)
      ? readFileSync(jinja, 'utf8')
      : Array.isArray(named)
        ? named.find(({ name }) => name === 'default')?.template
        : named;
    if (typeof source !== 'string') return undefined;
    // Special tokens are written as strings or as objects with their content.
    const token = (value: string | { content: string } | null | undefined) =>
      typeof value === 'string' ? value : value?.content;
    return new ChatTemplate(source, { bosToken: token(config.bos_token), eosToken: token(config.eos_token) });
  }

  /**
   * Renders a conversation.
   * @throws when the template refuses it (`raise_exception`), with the template's words
   */
  render(messages: readonly Message[], options: RenderOptions = {}): string {
    return this.#render(messages, options).replaceAll(BEGIN, '').replaceAll(END, '');
  }

  /**
   * Renders a conversation and finds what the assistant is to produce: exactly the template's `{% generation %}`
   * blocks. When it has none: from the end of the generation prompt to the end of each assistant turn without trailing
   * white space; and where the template renders a turn differently once later ones follow (it leaves out thoughts), the
   * turn's own words as they stand in the text, with what ends it.
   *
   * @throws when the template has no such blocks and changes a turn in a way that hides where it stands
   */
  renderMasked(messages: readonly Message[], options: RenderOptions = {}): RenderedChat {
    const rendered = this.#render(messages, options);
    return this.#marked
      ? splitMarked(rendered)
      : { text: rendered, assistant: this.#findTurns(rendered, messages, options) };
  }

  #render(messages: readonly Message[], options: RenderOptions): string {
    const reserved = messages.find(({ content }) => content.includes(BEGIN) || content.includes(END));
    if (reserved) throw new Error('a message holds U+E0B0 or U+E0B1, which chat templates need; remove them');
    return this.#renderUnchecked(messages, options);
  }

  #renderUnchecked(
    messages: readonly Message[],
    { addGenerationPrompt = false, tools, variables }: RenderOptions,
  ): string {
    try {
      return this.#template.render({
        ...this.#constants,
        ...variables,
        messages: messages.map((message) => ({ ...message })),
        ...(tools && { tools: [...tools] }),
        add_generation_prompt: addGenerationPrompt,
      });
    } catch (error) {
      throw new Error(`chat template: ${(error as Error).message}`, { cause: error });
    }
  }

  #findTurns(full: string, messages: readonly Message[], options: RenderOptions): [number, number][] {
    const spans: [number, number][] = [];
    for (const [i, { role }] of messages.entries()) {
      if (role !== 'assistant') continue;
      const before = this.#renderFirst(messages, i, { ...options, addGenerationPrompt: true });
      const until = this.#renderFirst(messages, i + 1, { ...options, addGenerationPrompt: false });
      const prefix = before !== undefined && until !== undefined && full.startsWith(until.trimEnd());
      if (prefix && full.startsWith(before)) spans.push([before.length, until.trimEnd().length]);
      else spans.push(this.#findWords(full, messages, i, options));
    }
    return spans;
  }

  /** The first `count` messages; undefined when the template refuses to end there. */
  #renderFirst(messages: readonly Message[], count: number, options: RenderOptions): string | undefined {
    try {
      return this.#render(messages.slice(0, count), options);
    } catch {
      return undefined;
    }
  }

  /**
   * Finds a turn by marking its words: the template is to render the marked message where the words were and nothing
   * else differently. What ends the turn is what every turn of the assistant ends with.
   */
  #findWords(
    full: string,
    messages: readonly Message[],
    index: number,
    options: RenderOptions,
  ): [number, number] {
    const { content } = messages[index]!;
    const thoughts = content.lastIndexOf('</think>');
    const answer = thoughts < 0 ? content : content.slice(thoughts + '</think>'.length);
    const words = answer.trim();
    const at = content.length - answer.length + answer.indexOf(words);
    const marked = content.slice(0, at) + BEGIN + words + END + content.slice(at + words.length);
    const changed = messages.map((message, i) => (i === index ? { ...message, content: marked } : message));
    const rendered = words === '' ? '' : this.#renderUnchecked(changed, options);
    const start = rendered.indexOf(BEGIN);
    const end = rendered.indexOf(END) - 1;
    const found =
      rendered.split(BEGIN).length === 2 &&
      rendered.split(END).length === 2 &&
      rendered.replace(BEGIN, '').replace(END, '') === full;
    if (!found)
      throw new Error(
        `chat template renders message ${index} so that its place cannot be found; mark what the assistant produces with {% generation %} … {% endgeneration %}`,
      );
    const ending = this.#ending(messages, options);
    return [start, full.startsWith(ending, end) ? end + ending.length : end];
  }

  /** What a template puts after the assistant's last words, without trailing white space. */
  #ending(messages: readonly Message[], options: RenderOptions): string {
    const user = messages.find(({ role }) => role === 'user') ?? { role: 'user', content: 'x' };
    const rendered = this.#renderUnchecked([user, { role: 'assistant', content: `x${END}` }], {
      ...options,
      addGenerationPrompt: false,
    });
    return rendered.slice(rendered.lastIndexOf(END) + 1).trimEnd();
  }
}

/**
 * Replaces generation tags by expressions that print the markers. As for any block tag, white space before it on its
 * line and the line break after it go (`lstrip_blocks`, `trim_blocks`); expressions would keep them.
 */
function markGeneration(source: string): string {
  return source.replace(
    /(^[ \t]*)?{%(-?)\s*(end)?generation\s*(-?)%}\n?/gm,
    (_, _indent, left, end, right) => `{{${left} '${end ? END : BEGIN}' ${right}}}`,
  );
}

function splitMarked(rendered: string): RenderedChat {
  const assistant: [number, number][] = [];
  let text = '';
  for (const part of rendered.split(BEGIN)) {
    const end = part.indexOf(END);
    if (end >= 0) assistant.push([text.length, text.length + end]);
    text += part.replace(END, '');
  }
  return { text, assistant };
}
