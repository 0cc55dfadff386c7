import type { Engine, SamplingOptions, TextDecoder } from '@attune/inference';
import type { Tokenizer } from '@attune/tokenizer';

/** A turn of a conversation. */
export interface ChatMessage {
  role: string;
  content: string;
}

/** What the routes need to know of the model they serve. */
export interface ServedModel {
  /** Its name in the API. */
  id: string;
  /** Unix time in seconds at which it was loaded. */
  created: number;
  engine: Engine;
  tokenizer: Tokenizer;
  /** Turns generated ids into text. */
  text: TextDecoder;
  stopIds: readonly number[];
  /** Sampling where a request says nothing. */
  sampling: SamplingOptions;
  /** A conversation as the prompt that the next answer continues. */
  renderChat: (messages: ChatMessage[]) => string;
}
