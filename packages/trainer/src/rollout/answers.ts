import type { AnswerSource } from '@attune/algorithms';
import type { TokenSequence } from '@attune/data';
import type { Failure } from '@attune/rewards';
import type { EncodedPrompt } from '../data/codec.ts';

/** An answer of the policy, whole or on its way. */
export interface Answer {
  /** Number among the answers to its prompt, from 0. */
  sample: number;
  /** Who wrote it. */
  from: AnswerSource;
  /** Tokens after the prompt: the policy's own, and what an environment said in between. */
  ids: number[];
  /** 1 where the policy drew a token, 0 where an environment spoke. */
  own: number[];
  /** Log-probability that sampling recorded for each token; 0 where an environment spoke. */
  logProbs: number[];
  /** As text, without the end-of-text token. */
  text: string;
  /** Nothing is to be added. */
  done: boolean;
  /** It ended by itself and was not cut. */
  finished: boolean;
  /** Optimizer steps that the policy had taken when it drew the first token. */
  born: number;
  /** Whether tokens were drawn by policies of different steps. */
  mixed: boolean;
  /** What an environment added to the reward. */
  extra: number;
  /** What went wrong in its environment. */
  problem?: string;
}

/** All answers to one prompt. */
export interface AnswerGroup {
  /** Place among the run's prompts. */
  index: number;
  prompt: EncodedPrompt;
  answers: Answer[];
}

/** A group whose answers are scored. */
export interface ScoredGroup extends AnswerGroup {
  /** One for each answer. */
  rewards: number[];
  /** By reward; where an answer could not be scored, what stands in. */
  parts: Record<string, number[]>;
  /** Places of answers that could not be scored: they must not be learned from. */
  failed: number[];
  /** Why rewards could not score them. */
  failures: readonly Failure[];
}

/** Whether the rewards of a group are all equal, so that it teaches nothing. */
export function isFlat({ rewards }: ScoredGroup): boolean {
  return rewards.every((reward) => reward === rewards[0]);
}

/** An answer of which nothing has been drawn. */
export function newAnswer(sample: number, born: number, from: AnswerSource = 'policy'): Answer {
  return {
    sample,
    from,
    ids: [],
    own: [],
    logProbs: [],
    text: '',
    done: false,
    finished: false,
    born,
    mixed: false,
    extra: 0,
  };
}

/** Prompt and answer as one sequence, whose targets are the policy's own tokens. */
export function toSequence({ ids: prompt }: EncodedPrompt, { ids, own }: Answer): TokenSequence {
  return {
    ids: Int32Array.from([...prompt, ...ids]),
    mask: Uint8Array.from([...prompt.map(() => 0), ...own]),
  };
}

/** The recorded log-probabilities of the policy's own tokens alone. */
export function ownLogProbs({ logProbs, own }: Answer): Float32Array {
  return Float32Array.from(logProbs.filter((_, i) => own[i] === 1));
}

/** Numbers of the policy's own tokens, at the places of the sequence where these are labels; 0 elsewhere. */
export function atLabels(
  { ids: prompt }: EncodedPrompt,
  { ids, own }: Answer,
  values: ArrayLike<number>,
): Float32Array {
  const out = new Float32Array(prompt.length + ids.length - 1);
  let next = 0;
  for (const [i, mine] of own.entries()) if (mine === 1) out[prompt.length - 1 + i] = values[next++]!;
  return out;
}

/** The reverse: what stands at the places where the policy's own tokens are labels. */
export function fromLabels(
  { ids: prompt }: EncodedPrompt,
  { own }: Answer,
  values: ArrayLike<number>,
): Float32Array {
  return Float32Array.from(own.flatMap((mine, i) => (mine === 1 ? [values[prompt.length - 1 + i]!] : [])));
}
