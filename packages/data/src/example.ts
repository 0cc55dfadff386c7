/** A call of a function that the assistant makes. */
export interface ToolCall {
  id?: string;
  type?: 'function';
  function: { name: string; arguments: Record<string, unknown> | string };
}

/** A function that the assistant may call: a JSON schema, as OpenAI's API and chat templates take it. */
export interface ToolDefinition {
  type: 'function';
  function: { name: string; description?: string; parameters?: Record<string, unknown> };
}

/** One turn of a conversation. */
export interface Message {
  /** `system`, `user`, `assistant`, `tool`, or another role that the chat template knows. */
  role: string;
  /** Empty where an assistant only calls tools. */
  content: string;
  /** What an assistant thought before it answered, kept apart from the answer. */
  reasoning_content?: string;
  /** Functions that an assistant calls. */
  tool_calls?: ToolCall[];
  /** A tool's answer: which call it answers. */
  tool_call_id?: string;
  /** A tool's answer: which function gave it. */
  name?: string;
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
  /** Functions that the assistant may call. */
  tools?: ToolDefinition[];
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
  /** By how much the chosen answer is better, on the data's own scale (≥ 0); absent where the data does not say. */
  margin?: number;
}

/** A prompt with one answer that was judged by itself, as KTO learns from. */
export interface UnpairedExample {
  kind: 'unpaired';
  prompt: Prompt;
  completion: string;
  /** Whether the answer is desirable. */
  label: boolean;
}

/** A prompt with several answers and what each is worth, as rankings are learnt from. */
export interface ListwiseExample {
  kind: 'listwise';
  prompt: Prompt;
  /** At least two, best first. */
  completions: string[];
  /** As long as `completions`, descending; equal where the data ranks two alike. */
  scores: number[];
}

/** A prompt and an answer in steps, each judged right or wrong, as process reward models learn from. */
export interface StepwiseExample {
  kind: 'stepwise';
  prompt: Prompt;
  /** The steps, in order; at least one. */
  completions: string[];
  /** As long as `completions`: whether a step is right, or the probability of it. */
  labels: (boolean | number)[];
}

/** A prompt alone, to sample answers for. */
export interface PromptExample {
  kind: 'prompt';
  prompt: Prompt;
}

/** Two texts that belong together, e.g. a question and the passage that answers it. */
export interface ContrastiveExample {
  kind: 'contrastive';
  query: string;
  positive: string;
}

/** A row in one of the shapes that training understands; `kind` tells which. */
export type Example =
  | TextExample
  | ConversationExample
  | CompletionExample
  | PreferenceExample
  | UnpairedExample
  | ListwiseExample
  | StepwiseExample
  | PromptExample
  | ContrastiveExample;
