import { randomUUID } from 'node:crypto';
import type { EngineRequest, FinishReason, Generation, TokenEvent } from '@attune/inference';
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { ApiError } from './errors.ts';
import type { ScoredToken } from './log-probs.ts';

/** What differs between the two endpoints: how their objects are called and how a choice looks. */
export interface ResponseShape {
  idPrefix: string;
  object: string;
  chunkObject: string;
  /** A whole choice. */
  choice(text: string, tokens: ScoredToken[]): object;
  /** What a streamed choice begins with, before any token. */
  opening(): object | undefined;
  /** A piece of a streamed choice. `textBefore` characters of the choice came earlier. */
  chunk(text: string, tokens: ScoredToken[], textBefore: number): object;
}

/** Requests handed to the engine, and how to answer for them. */
export interface Answer {
  model: string;
  /** One per prompt, each with `n` samples. */
  requests: EngineRequest[];
  n: number;
  promptTokens: number;
  shape: ResponseShape;
}

/** The whole answer in one object. */
export async function respond(
  c: Context,
  { model, requests, n, promptTokens, shape }: Answer,
): Promise<Response> {
  const generations = (await Promise.all(requests.map(({ result }) => result))).flat();
  const completionTokens = generations.reduce((sum, { ids }) => sum + ids.length, 0);
  return c.json({
    ...head(shape.idPrefix, shape.object, model),
    choices: generations.map((generation, i) => ({
      index: Math.floor(i / n) * n + generation.sample,
      ...shape.choice(generation.text ?? '', scoredTokens(generation)),
      finish_reason: finishReason(generation.finishReason),
    })),
    usage: usage(promptTokens, completionTokens),
  });
}

/** The answer as server-sent events, one for each piece of text, `[DONE]` at the end. */
export function respondStreaming(
  c: Context,
  { model, requests, n, promptTokens, shape }: Answer,
  { includeUsage }: { includeUsage: boolean },
): Response {
  const common = head(shape.idPrefix, shape.chunkObject, model);
  const lengths = new Array<number>(requests.length * n).fill(0);
  let completionTokens = 0;

  return streamSSE(c, async (sse) => {
    const send = (body: object) => sse.writeSSE({ data: JSON.stringify(body) });
    const sendChoice = (index: number, choice: object, reason?: FinishReason) =>
      send({
        ...common,
        choices: [{ index, ...choice, finish_reason: finishReason(reason) }],
        ...(includeUsage ? { usage: null } : {}),
      });
    const sendToken = async (index: number, { text, finishReason: reason, ...token }: TokenEvent) => {
      completionTokens++;
      const chunk = shape.chunk(text, [token], lengths[index]!);
      lengths[index]! += text.length;
      await sendChoice(index, chunk, reason);
    };
    const sendAll = async (request: EngineRequest, prompt: number) => {
      for await (const event of request) await sendToken(prompt * n + event.sample, event);
    };

    sse.onAbort(() => cancelAll(requests));
    try {
      const opening = shape.opening();
      if (opening) for (const index of lengths.keys()) await sendChoice(index, opening);
      await Promise.all(requests.map(sendAll));
      if (includeUsage) await send({ ...common, choices: [], usage: usage(promptTokens, completionTokens) });
    } catch (error) {
      // The status is sent already: all that is left is to say so in the stream.
      cancelAll(requests);
      await send(new ApiError(500, (error as Error).message, { type: 'server_error' }));
      return;
    }
    await sse.writeSSE({ data: '[DONE]' });
  });
}

function cancelAll(requests: EngineRequest[]): void {
  for (const request of requests) request.cancel();
}

function head(idPrefix: string, object: string, model: string) {
  return { id: `${idPrefix}-${randomUUID()}`, object, created: Math.floor(Date.now() / 1000), model };
}

function usage(promptTokens: number, completionTokens: number) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

function scoredTokens({ ids, logProbs, topLogProbs }: Generation): ScoredToken[] {
  return ids.map((id, i) => ({ id, logProb: logProbs[i]!, topLogProbs: topLogProbs?.[i] }));
}

/** A cancelled answer is never read: its client is gone. */
function finishReason(reason: FinishReason | undefined): 'stop' | 'length' | null {
  return reason === 'stop' || reason === 'length' ? reason : null;
}
