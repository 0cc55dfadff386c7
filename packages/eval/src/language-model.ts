/** One turn of a conversation. */
export interface ChatMessage {
  role: string;
  content: string;
}

/** Text to continue, or a conversation to answer. */
export type TaskPrompt = string | readonly ChatMessage[];

/** How answers are sampled. */
export interface SamplingSettings {
  /** 0 takes the likeliest token. Default 0. */
  temperature?: number;
  /** Default 1. */
  topP?: number;
  /** Most tokens of an answer. Default: the model's choice. */
  maxNewTokens?: number;
  /** Texts that end an answer. */
  stop?: readonly string[];
  /** Default 0. */
  seed?: number;
}

/** What `LanguageModel.generate` is asked for. */
export interface GenerateRequest extends SamplingSettings {
  /** Answers per prompt. */
  n: number;
  /**
   * Number of the first prompt in the whole evaluation. Sample s of prompt p must depend on the seed and on
   * `(firstPrompt + p) * n + s` alone, so that batches change no score.
   */
  firstPrompt: number;
}

/** What evaluation needs of a model. Any program that can do this can be evaluated. */
export interface LanguageModel {
  /** `n` answers to each prompt, without the prompt. */
  generate(prompts: readonly TaskPrompt[], request: GenerateRequest): Promise<string[][]>;
  /** Log-probability of each completion after its prompt, summed over its tokens, and how many those are. */
  logLikelihood(
    requests: readonly { prompt: TaskPrompt; completion: string }[],
  ): Promise<{ logProb: number; tokens: number }[]>;
}
