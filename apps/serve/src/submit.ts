import { randomInt } from 'node:crypto';
import {
  EngineClosedError,
  type EngineRequest,
  QueueFullError,
  type SequenceOptions,
} from '@attune/inference';
import { ApiError } from './openai/errors.ts';
import type { SharedRequest } from './openai/requests.ts';
import type { ServedModel } from './served-model.ts';

/** How a request wants its sequences generated. */
export function sequenceOptions(
  { stopIds, sampling, text }: ServedModel,
  request: SharedRequest,
  { maxNewTokens, topLogProbs }: { maxNewTokens: number; topLogProbs: number },
): SequenceOptions & { n: number } {
  return {
    n: request.n ?? 1,
    maxNewTokens,
    topLogProbs,
    stopIds,
    stop: [request.stop ?? []].flat(),
    tokenizer: text,
    temperature: request.temperature ?? sampling.temperature,
    topP: request.top_p ?? sampling.topP,
    topK: request.top_k ?? sampling.topK,
    minP: request.min_p ?? sampling.minP,
    repetitionPenalty: request.repetition_penalty ?? sampling.repetitionPenalty,
    presencePenalty: request.presence_penalty ?? undefined,
    frequencyPenalty: request.frequency_penalty ?? undefined,
    logitBias: request.logit_bias ?? undefined,
    // A seed may be any integer there; here it is a natural number.
    seed: request.seed == null ? randomInt(2 ** 47) : Math.abs(request.seed),
  };
}

/**
 * Checks that the request means the model served here; one without a name does.
 *
 * @throws ApiError 404
 */
export function checkModel({ id }: ServedModel, asked: string | null | undefined): void {
  if (asked == null || asked === id) return;
  throw new ApiError(404, `the model "${asked}" does not exist here: this server has "${id}"`, {
    param: 'model',
    code: 'model_not_found',
  });
}

/**
 * How many tokens may be generated: what was asked for, else `fallback`, within what the context leaves.
 *
 * @throws ApiError 400 when prompt and answer do not fit the context
 */
export function answerLength(
  { engine: { contextLength } }: ServedModel,
  promptTokens: number,
  asked: number | null | undefined,
  { promptParam, fallback = Number.POSITIVE_INFINITY }: { promptParam: string; fallback?: number },
): number {
  const room = contextLength - promptTokens;
  if (room >= (asked ?? 1)) return asked ?? Math.min(room, fallback);
  const wanted = asked == null ? '' : ` and ${asked} for the answer (max_tokens)`;
  throw new ApiError(
    400,
    `the model's context holds ${contextLength} tokens, but the request needs ${promptTokens} for the prompt${wanted}: shorten the prompt or the answer`,
    { param: asked == null ? promptParam : 'max_tokens', code: 'context_length_exceeded' },
  );
}

/**
 * Hands a prompt to the engine; the request is cancelled when the client goes away.
 *
 * @throws ApiError 429 when the queue is full, 503 while the server closes, 400 for what is wrong with the request
 */
export function submit(
  { engine }: ServedModel,
  promptIds: readonly number[],
  options: SequenceOptions & { n: number },
  signal: AbortSignal,
): EngineRequest {
  let accepted: EngineRequest;
  try {
    accepted = engine.submit(promptIds, options);
  } catch (error) {
    if (error instanceof QueueFullError) {
      throw new ApiError(429, error.message, { type: 'rate_limit_error', code: 'queue_full' });
    }
    if (error instanceof EngineClosedError) {
      throw new ApiError(503, 'the server is shutting down', { type: 'server_error', code: 'shutting_down' });
    }
    throw new ApiError(400, (error as Error).message);
  }
  if (signal.aborted) accepted.cancel();
  signal.addEventListener('abort', () => accepted.cancel(), { once: true });
  return accepted;
}
