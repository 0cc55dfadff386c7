/** One turn of a conversation. */
export interface Message {
  /** `system`, `user`, `assistant`, or another role that the chat template knows. */
  role: string;
  content: string;
}

/** What comes before an answer: plain text, or the turns so far, of which the last is not the assistant's. */
export type Prompt = string | Message[];

/** Text to continue, as in pre-training. */
export interface TextExample {
  kind: 'text';
  text: string;
}

/** A conversation whose assistant turns are the target. */
export interface ConversationExample {
  kind: 'conversation';
  messages: Message[];
}

/** A prompt and the answer to imitate. */
export interface CompletionExample {
  kind: 'completion';
  prompt: Prompt;
  completion: string;
}

/** A prompt with a better and a worse answer. */
export interface PreferenceExample {
  kind: 'preference';
  prompt: Prompt;
  chosen: string;
  rejected: string;
}

/** A prompt alone, to sample answers for. */
export interface PromptExample {
  kind: 'prompt';
  prompt: Prompt;
}

/** A row in one of the shapes that training understands; `kind` tells which. */
export type Example =
  | TextExample
  | ConversationExample
  | CompletionExample
  | PreferenceExample
  | PromptExample;
