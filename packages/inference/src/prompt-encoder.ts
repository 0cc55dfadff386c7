import { ChatTemplate, ExampleEncoder, type Message } from '@attune/data';
import type { Tokenizer } from '@attune/tokenizer';

/** Turns prompts into tokens the way training did. */
export interface PromptEncoder {
  /** The folder's chat template, or ChatML where the tokenizer has its tokens. */
  template: ChatTemplate | undefined;
  /** Ends an answer where ChatML stands in for a template. */
  endOfTurn: number | undefined;
  /**
   * A text, or the turns so far, as the tokens that the answer continues. With a template a text becomes the user's
   * turn; without one turns are joined as lines. Special tokens written out in a message are ordinary characters.
   *
   * @throws when the template refuses the conversation, with the template's words
   */
  encode(prompt: string | readonly Message[]): number[];
}

/** Chooses the chat template of a model folder. */
export function promptEncoder(dir: string, tokenizer: Tokenizer): PromptEncoder {
  const own = ChatTemplate.load(dir);
  const endOfTurn = tokenizer.tokenToId('<|im_end|>');
  const chatml = endOfTurn !== undefined && tokenizer.tokenToId('<|im_start|>') !== undefined;
  const template = own ?? (chatml ? ChatTemplate.chatml() : undefined);
  const encoder = new ExampleEncoder({ tokenizer, template });
  return {
    template,
    endOfTurn: own ? undefined : endOfTurn,
    encode(prompt) {
      const lines =
        template || typeof prompt === 'string' ? prompt : prompt.map(({ content }) => content).join('\n');
      return Array.from(encoder.prompt({ kind: 'prompt', prompt: lines as string | Message[] }));
    },
  };
}
