import type { AnswerSource } from '@attune/algorithms';
import { type Generation, generate, StreamDecoder } from '@attune/inference';
import type { CausalLM } from '@attune/models';
import type { TextCodec } from '../data/codec.ts';
import type { Recipe } from '../recipe/schema.ts';
import { type Answer, type AnswerGroup, newAnswer } from './answers.ts';

/** How answers are sampled. */
export interface SamplingSettings {
  model: CausalLM;
  codec: TextCodec;
  rollout: Recipe['rollout'];
}

/** What differs from call to call. */
export interface SamplingCall {
  /** Of all draws of this call. */
  seed: number;
  /** Optimizer steps taken. */
  step: number;
}

/** What of the settings a call may change. */
export interface WholeOptions {
  /** Answers to each prompt. Default: `rollout.answers`. */
  answers?: number;
  /** Default: `rollout.temperature`. */
  temperature?: number;
  /** Draw from a mixture with another model. */
  mixture?: { model: CausalLM; weight: number };
  from?: AnswerSource;
}

/** Whole answers to prompts, all of a prompt's sharing its prefill. Adds them to the groups' `answers`. */
export async function sampleWhole(
  groups: readonly AnswerGroup[],
  { model, codec, rollout }: SamplingSettings,
  { seed, step }: SamplingCall,
  { answers = rollout.answers, temperature = rollout.temperature, mixture, from }: WholeOptions = {},
): Promise<void> {
  const generations = await generate(
    model,
    groups.map(({ prompt }) => prompt.ids),
    {
      ...options(codec, rollout),
      n: answers,
      maxNewTokens: rollout.maxTokens,
      temperature,
      seed,
      ...(mixture && { mixture }),
    },
  );
  for (const generation of generations) {
    const group = groups[generation.prompt]!;
    const answer = newAnswer(group.answers.length, step, from);
    take(answer, generation, step);
    answer.text = generation.text!;
    answer.done = true;
    group.answers.push(answer);
  }
}

/**
 * The next stretch of answers that are on their way.
 * @param segment most tokens to add to each
 */
export async function sampleOn(
  groups: readonly AnswerGroup[],
  { model, codec, rollout }: SamplingSettings,
  { seed, step }: SamplingCall,
  segment: number,
): Promise<Generation[]> {
  const open = groups.flatMap(({ prompt, answers }) =>
    answers.filter(({ done }) => !done).map((answer) => ({ prompt, answer })),
  );
  if (open.length === 0) return [];
  const generations = await generate(
    model,
    open.map(({ prompt, answer }) => [...prompt.ids, ...answer.ids]),
    {
      ...options(codec, rollout),
      maxNewTokensEach: open.map(({ answer }) => Math.min(segment, rollout.maxTokens - answer.ids.length)),
      temperature: rollout.temperature,
      seed,
    },
  );
  for (const [i, generation] of generations.entries()) {
    const { prompt, answer } = open[i]!;
    take(answer, generation, step);
    const longest = Math.min(rollout.maxTokens, model.config.max_position_embeddings - prompt.ids.length);
    answer.done = answer.finished || answer.ids.length >= longest;
    answer.text = textOf(answer, codec);
  }
  return generations;
}

/** An answer's text: every token but the one that ends it. */
export function textOf({ ids, finished }: Answer, { generated }: TextCodec): string {
  const decoder = new StreamDecoder(generated);
  const shown = finished ? ids.slice(0, -1) : ids;
  return shown.map((id) => decoder.push(id)).join('') + decoder.flush();
}

function options(codec: TextCodec, { topK, topP }: Recipe['rollout']) {
  return {
    topK,
    topP,
    stopIds: codec.eosId === undefined ? [] : [codec.eosId],
    tokenizer: codec.generated,
    // A run waits for its answers: nothing else wants the event loop meanwhile but signals, which come between tokens.
    synchronous: true,
  };
}

function take(answer: Answer, { ids, logProbs, finishReason }: Generation, step: number): void {
  if (answer.ids.length > 0 && answer.born !== step) answer.mixed = true;
  answer.ids.push(...ids);
  answer.logProbs.push(...logProbs);
  answer.own.push(...ids.map(() => 1));
  answer.finished = finishReason === 'stop';
}
