import type { EncodedPrompt } from './data/encode.ts';

/** A scored answer. */
export interface Score {
  /** What is maximised. */
  total: number;
  /** Each reward before weighting, by name. */
  parts: Record<string, number>;
}

/** Scores the answer to a prompt. */
export type Reward = (answer: string, prompt: EncodedPrompt) => Score;
