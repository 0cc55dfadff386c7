import type { Context } from 'hono';
import type { ServedModel } from '../served-model.ts';
import { answerLength, checkModel, sequenceOptions, submit } from '../submit.ts';
import { ApiError } from './errors.ts';
import { chatLogProbs, type ScoredToken } from './log-probs.ts';
import { type ChatRequest, chatRequest, parseBody } from './requests.ts';
import { type ResponseShape, respond, respondStreaming } from './respond.ts';

/** POST /v1/chat/completions. */
export async function chatCompletions(c: Context, model: ServedModel): Promise<Response> {
  const request = await parseBody(c.req.raw, chatRequest);
  checkModel(model, request.model);
  const promptIds = encodeChat(model, request);
  const asked = request.max_completion_tokens ?? request.max_tokens;
  const maxNewTokens = answerLength(model, promptIds.length, asked, { promptParam: 'messages' });
  const options = sequenceOptions(model, request, {
    maxNewTokens,
    topLogProbs: request.logprobs ? (request.top_logprobs ?? 0) : 0,
  });
  const answer = {
    model: model.id,
    requests: [submit(model, promptIds, options, c.req.raw.signal)],
    n: options.n,
    promptTokens: promptIds.length,
    shape: chatShape(model, request),
  };
  const includeUsage = request.stream_options?.include_usage ?? false;
  return request.stream ? respondStreaming(c, answer, { includeUsage }) : respond(c, answer);
}

function chatShape({ tokenizer }: ServedModel, request: ChatRequest): ResponseShape {
  const logprobs = (tokens: ScoredToken[]) => (request.logprobs ? chatLogProbs(tokenizer, tokens) : null);
  return {
    idPrefix: 'chatcmpl',
    object: 'chat.completion',
    chunkObject: 'chat.completion.chunk',
    choice: (text, tokens) => ({
      message: { role: 'assistant', content: text, refusal: null },
      logprobs: logprobs(tokens),
    }),
    opening: () => ({ delta: { role: 'assistant', content: '' }, logprobs: null }),
    chunk: (text, tokens) => ({ delta: { content: text }, logprobs: logprobs(tokens) }),
  };
}

function encodeChat({ prompts }: ServedModel, { messages }: ChatRequest): number[] {
  const turns = messages.map(({ role, content }) => {
    const text = Array.isArray(content) ? content.map((part) => part.text).join('') : (content ?? '');
    // "developer" is OpenAI's newer word for the system's voice; templates know the older one.
    return { role: role === 'developer' ? 'system' : role, content: text };
  });
  try {
    return prompts.encode(turns);
  } catch (error) {
    throw new ApiError(400, `messages: ${(error as Error).message}`, { param: 'messages' });
  }
}
