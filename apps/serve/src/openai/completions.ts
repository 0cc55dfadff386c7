import type { Context } from 'hono';
import type { ServedModel } from '../served-model.ts';
import { answerLength, checkModel, sequenceOptions, submit } from '../submit.ts';
import { ApiError } from './errors.ts';
import { completionLogProbs, type ScoredToken } from './log-probs.ts';
import { type CompletionRequest, completionRequest, parseBody } from './requests.ts';
import { type ResponseShape, respond, respondStreaming } from './respond.ts';

/** Tokens generated where a request does not say, as in OpenAI's API. */
const DEFAULT_MAX_TOKENS = 16;

/** POST /v1/completions. */
export async function completions(c: Context, model: ServedModel): Promise<Response> {
  const request = await parseBody(c.req.raw, completionRequest);
  checkModel(model, request.model);
  const prompts = encodePrompts(model, request.prompt);
  const planned = prompts.map((ids) => {
    const limits = { promptParam: 'prompt', fallback: DEFAULT_MAX_TOKENS };
    const maxNewTokens = answerLength(model, ids.length, request.max_tokens, limits);
    return {
      ids,
      options: sequenceOptions(model, request, { maxNewTokens, topLogProbs: request.logprobs ?? 0 }),
    };
  });
  const answer = {
    model: model.id,
    requests: planned.map(({ ids, options }) => submit(model, ids, options, c.req.raw.signal)),
    n: request.n ?? 1,
    promptTokens: prompts.reduce((sum, ids) => sum + ids.length, 0),
    shape: completionShape(model, request),
  };
  const includeUsage = request.stream_options?.include_usage ?? false;
  return request.stream ? respondStreaming(c, answer, { includeUsage }) : respond(c, answer);
}

function completionShape({ tokenizer }: ServedModel, request: CompletionRequest): ResponseShape {
  const logprobs = (tokens: ScoredToken[], offset: number) =>
    request.logprobs == null ? null : completionLogProbs(tokenizer, tokens, offset);
  return {
    idPrefix: 'cmpl',
    object: 'text_completion',
    chunkObject: 'text_completion',
    choice: (text, tokens) => ({ text, logprobs: logprobs(tokens, 0) }),
    opening: () => undefined,
    chunk: (text, tokens, textBefore) => ({ text, logprobs: logprobs(tokens, textBefore) }),
  };
}

function encodePrompts({ tokenizer }: ServedModel, prompt: CompletionRequest['prompt']): number[][] {
  if (typeof prompt === 'string') return [encode(prompt)];
  if (isTokenIds(prompt)) return [prompt];
  return prompt.map((one) => (typeof one === 'string' ? encode(one) : one));

  function encode(text: string): number[] {
    if (text === '') throw new ApiError(400, 'prompt: must not be empty', { param: 'prompt' });
    return tokenizer.encodeIds(text, { specialTokens: 'allow' });
  }
}

function isTokenIds(prompt: string[] | number[] | number[][]): prompt is number[] {
  return typeof prompt[0] === 'number';
}
