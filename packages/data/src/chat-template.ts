import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from '@huggingface/jinja';
import { CHATML } from './chatml.ts';
import type { Message, ToolDefinition } from './example.ts';

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
    return new ChatTemplate(CHATML, {
      eosToken: '<|im_end|>',
      requiredTokens: ['<|im_start|>', '<|im_end|>'],
    });
  }

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
   * blocks, or, when it has none, from the end of the generation prompt to the end of each assistant turn without
   * trailing white space.
   *
   * @throws when the template has no such blocks and renders earlier turns differently once later ones follow
   */
  renderMasked(messages: readonly Message[], options: RenderOptions = {}): RenderedChat {
    const rendered = this.#render(messages, options);
    return this.#marked
      ? splitMarked(rendered)
      : { text: rendered, assistant: this.#findTurns(rendered, messages, options) };
  }

  #render(
    messages: readonly Message[],
    { addGenerationPrompt = false, tools, variables }: RenderOptions,
  ): string {
    const reserved = messages.find(({ content }) => content.includes(BEGIN) || content.includes(END));
    if (reserved) throw new Error('a message holds U+E0B0 or U+E0B1, which chat templates need; remove them');
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
      const before = this.#render(messages.slice(0, i), { ...options, addGenerationPrompt: true });
      const until = this.#render(messages.slice(0, i + 1), { ...options, addGenerationPrompt: false });
      if (!full.startsWith(before) || !full.startsWith(until.trimEnd()))
        throw new Error(
          `chat template renders message ${i} differently once later ones follow; mark what the assistant produces with {% generation %} … {% endgeneration %}`,
        );
      spans.push([before.length, until.trimEnd().length]);
    }
    return spans;
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
