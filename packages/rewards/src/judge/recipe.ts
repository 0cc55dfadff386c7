import type { Reward } from '../reward.ts';
import { agreeingJudges } from './agreement.ts';
import { cachedJudge } from './cache.ts';
import { endpointJudge } from './endpoint.ts';
import { checklistJudge, pairwiseJudge, pointwiseJudge } from './rewards.ts';

/** An endpoint in a recipe: everything but the key, which is only named. */
export interface JudgeEndpoint {
  /** Address before `/chat/completions`. */
  baseUrl: string;
  model: string;
  /** Environment variable that holds the key. Default: none is sent. */
  apiKeyEnv?: string;
  timeoutMs?: number;
  retries?: number;
  concurrency?: number;
}

/** A judge in a recipe. */
export interface JudgeRecipe extends JudgeEndpoint {
  /** Default `pointwise`. `pairwise` compares with the row's answer, `checklist` goes through the row's requirements. */
  kind?: 'pointwise' | 'pairwise' | 'checklist';
  criteria?: string;
  /** Column of the question. Default `question`, else `prompt`. */
  question?: string;
  /** Column of a right answer to show to the judge. */
  reference?: string;
  /** Column of the answer to compare with, of `pairwise`. Default `answer`. */
  opponent?: string;
  /** Column of the requirements, of `checklist`. Default `checklist`. */
  checklist?: string;
  /** A second judge, which must agree. */
  second?: JudgeEndpoint;
  /** Largest difference of their scores that counts as agreement. Default 0.25. */
  tolerance?: number;
}

/** @throws when the environment lacks a key */
export function judgeOf({ kind = 'pointwise', second, tolerance, ...options }: JudgeRecipe): Reward {
  const make = ({ baseUrl, model, apiKeyEnv, timeoutMs, retries, concurrency }: JudgeEndpoint): Reward => {
    const apiKey = apiKeyEnv === undefined ? undefined : process.env[apiKeyEnv];
    if (apiKeyEnv !== undefined && !apiKey)
      throw new Error(`judge ${model}: the environment variable ${apiKeyEnv} holds no key`);
    const judge = cachedJudge(endpointJudge({ baseUrl, model, apiKey, timeoutMs, retries, concurrency }));
    const create = { pointwise: pointwiseJudge, pairwise: pairwiseJudge, checklist: checklistJudge }[kind];
    return create(judge, options);
  };
  const first = make(options);
  return second ? agreeingJudges(first, make(second), { tolerance }) : first;
}
