import { pathToFileURL } from 'node:url';
import { generate } from '@attune/inference';
import { UserError } from '../errors.ts';
import { type Answer, type AnswerGroup, newAnswer } from './answers.ts';
import { type SamplingCall, type SamplingSettings, textOf } from './sample-answers.ts';

/** What an environment says to one turn of the policy. */
export interface EnvironmentReply {
  /** What the policy reads next; nothing when the conversation is over. */
  text?: string;
  /** Added to the answer's reward. */
  reward?: number;
  /** Whether the conversation is over. */
  done?: boolean;
}

/** A partner in a conversation of several turns, for one answer: a tool, a game, a simulated user. */
export interface Environment {
  /** @param text what the policy said in this turn, without the end-of-text token */
  step(text: string): EnvironmentReply | Promise<EnvironmentReply>;
}

/**
 * What a module that a recipe names with `rollout.environment` exports by default.
 * For a run to resume with the same bits it must depend on nothing but its arguments.
 * @param row the row of data that the prompt came from
 */
export type CreateEnvironment = (
  row: Record<string, unknown>,
  context: { sample: number; seed: number },
) => Environment | Promise<Environment>;

/** Loads a module that makes environments. @throws UserError when it cannot be loaded or has no such export */
export async function loadEnvironment(path: string): Promise<CreateEnvironment> {
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(path).href);
  } catch (error) {
    throw new UserError(`rollout.environment: ${path} failed to load: ${(error as Error).message}`);
  }
  if (typeof module.default !== 'function')
    throw new UserError(
      `rollout.environment: the default export of ${path} must be a function (row) => ({ step(text) }), found ${typeof module.default}`,
    );
  return module.default as CreateEnvironment;
}

interface Talk {
  group: AnswerGroup;
  answer: Answer;
  environment: Environment;
}

/** Answers in several turns: the policy speaks, its environment replies, until one of them ends it. */
export async function sampleTurns(
  groups: readonly AnswerGroup[],
  settings: SamplingSettings,
  { seed, step }: SamplingCall,
  create: CreateEnvironment,
): Promise<void> {
  const { model, codec, rollout } = settings;
  let open: Talk[] = [];
  for (const group of groups) {
    for (let sample = 0; sample < rollout.answers; sample++) {
      const answer = newAnswer(sample, step);
      group.answers.push(answer);
      open.push({ group, answer, environment: await make(create, group.prompt.row, { sample, seed }) });
    }
  }
  const room = ({ group, answer }: Talk) =>
    Math.min(rollout.maxTokens, model.config.max_position_embeddings - group.prompt.ids.length) -
    answer.ids.length;
  for (let turn = 0; turn < rollout.turns && open.length > 0; turn++) {
    const generations = await generate(
      model,
      open.map(({ group, answer }) => [...group.prompt.ids, ...answer.ids]),
      {
        topK: rollout.topK,
        topP: rollout.topP,
        temperature: rollout.temperature,
        stopIds: codec.eosId === undefined ? [] : [codec.eosId],
        tokenizer: codec.generated,
        synchronous: true,
        maxNewTokensEach: open.map((talk) => Math.min(rollout.turnTokens ?? rollout.maxTokens, room(talk))),
        seed: seed + turn,
      },
    );
    const replies = await Promise.all(generations.map(({ text }, i) => reply(open[i]!, text!)));
    const still: Talk[] = [];
    for (const [i, { ids, logProbs, finishReason }] of generations.entries()) {
      const talk = open[i]!;
      const { answer } = talk;
      answer.ids.push(...ids);
      answer.logProbs.push(...logProbs);
      answer.own.push(...ids.map(() => 1));
      answer.finished = finishReason === 'stop';
      const { text = '', reward = 0, done = text === '', problem } = replies[i]!;
      answer.extra += reward;
      if (problem !== undefined) answer.problem = problem;
      const heard = Array.from(codec.tokenizer.encodeIds(text));
      if (done || turn === rollout.turns - 1 || heard.length >= room(talk)) {
        answer.done = true;
        continue;
      }
      answer.ids.push(...heard);
      answer.logProbs.push(...heard.map(() => 0));
      answer.own.push(...heard.map(() => 0));
      answer.finished = false;
      still.push(talk);
    }
    open = still;
  }
  for (const { answers } of groups) {
    for (const answer of answers) {
      answer.done = true;
      answer.text = textOf(answer, codec);
    }
  }
}

/** An environment that cannot be made fails its own conversation alone. */
async function make(
  create: CreateEnvironment,
  row: Record<string, unknown>,
  context: { sample: number; seed: number },
): Promise<Environment> {
  try {
    return await create(row, context);
  } catch (error) {
    return {
      step() {
        throw error;
      },
    };
  }
}

/** An environment that throws, or rewards with no number, ends its conversation; the answer then counts as failed. */
async function reply({ environment }: Talk, text: string): Promise<EnvironmentReply & { problem?: string }> {
  try {
    return (await environment.step(text)) ?? { done: true };
  } catch (error) {
    return { done: true, reward: Number.NaN, problem: (error as Error)?.message ?? String(error) };
  }
}
