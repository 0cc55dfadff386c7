import { basename, resolve } from 'node:path';
import { ChatTemplate } from '@attune/data';
import { Engine, type EngineOptions, loadPretrained } from '@attune/inference';
import type { Tokenizer } from '@attune/tokenizer';
import type { ChatMessage, ServedModel } from './served-model.ts';

/** How a model folder is served. */
export interface LoadOptions extends EngineOptions {
  /** The model's name in the API; default: the folder's. */
  name?: string;
}

/**
 * Loads a model folder for serving.
 *
 * @throws Error, one line naming the file, when something is missing or damaged
 */
export function loadServedModel(dir: string, { name, ...engineOptions }: LoadOptions = {}): ServedModel {
  const { model, tokenizer, stopIds, sampling, text } = loadPretrained(dir);
  const { render, endOfTurn } = chatOf(dir, tokenizer);
  return {
    id: name ?? basename(resolve(dir)),
    created: Math.floor(Date.now() / 1000),
    engine: new Engine(model, engineOptions),
    tokenizer,
    text,
    stopIds: endOfTurn === undefined ? stopIds : [...new Set([...stopIds, endOfTurn])],
    sampling,
    renderChat: render,
  };
}

/** The folder's chat template; without one ChatML, if the tokenizer has its tokens; else the turns as plain lines. */
function chatOf(
  dir: string,
  tokenizer: Tokenizer,
): { render: (messages: ChatMessage[]) => string; endOfTurn?: number } {
  const own = ChatTemplate.load(dir);
  const chatml = ChatTemplate.chatml();
  const usable = chatml.requiredTokens.every((token) => tokenizer.tokenToId(token) !== undefined);
  const template = own ?? (usable ? chatml : undefined);
  if (!template) return { render: (messages) => `${messages.map(({ content }) => content).join('\n')}\n` };
  return {
    render: (messages) => template.render(messages as never, { addGenerationPrompt: true }),
    endOfTurn: own ? undefined : tokenizer.tokenToId('<|im_end|>'),
  };
}
