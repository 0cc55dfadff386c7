import { z } from 'zod';
import { ApiError } from './errors.ts';

/** Most choices of one request; the engine's batch may allow fewer. */
const MAX_CHOICES = 128;

const textPart = z.object({ type: z.literal('text'), text: z.string() });
const content = z.union([z.string(), z.array(textPart)], {
  error: 'must be a string or a list of text parts; this server reads text only',
});

/** Options that both endpoints share. `null` means the default, as in OpenAI's API. */
const shared = {
  model: z.string().nullish(),
  max_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  n: z.int().min(1).max(MAX_CHOICES).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  stop: z.union([z.string(), z.array(z.string().min(1)).max(16)]).nullish(),
  seed: z.int().nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: z
    .record(z.string().regex(/^\d+$/, 'keys must be token ids'), z.number().min(-100).max(100))
    .nullish(),
  // Not in OpenAI's API, but common among servers of open models.
  top_k: z.int().min(0).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  repetition_penalty: z.number().gt(0).nullish(),
};

/** Features that would change the answer and are not there: refused instead of ignored. */
const absent = (name: string) =>
  z.union([z.null(), z.tuple([])], { error: `${name} is not supported` }).optional();

/** Body of POST /v1/completions. */
export const completionRequest = z.object({
  ...shared,
  prompt: z.union(
    [
      z.string(),
      z.array(z.string()).min(1),
      z.array(z.int().min(0)).min(1),
      z.array(z.array(z.int().min(0)).min(1)).min(1),
    ],
    {
      error: 'must be a string, a list of strings, a list of token ids or a list of such lists',
    },
  ),
  logprobs: z.int().min(0).max(20).nullish(),
  echo: z.literal(false, { error: 'echo is not supported' }).nullish(),
  best_of: z.literal(1, { error: 'best_of is not supported' }).nullish(),
  suffix: absent('suffix'),
});

/** Body of POST /v1/chat/completions. */
export const chatRequest = z.object({
  ...shared,
  messages: z
    .array(
      z.object({
        role: z.enum(['system', 'developer', 'user', 'assistant']),
        content: content.nullish(),
        name: z.string().optional(),
      }),
    )
    .min(1),
  max_completion_tokens: z.int().min(1).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  response_format: z.object({ type: z.literal('text', { error: 'only "text" is supported' }) }).nullish(),
  tools: absent('tools'),
  functions: absent('functions'),
  audio: absent('audio'),
});

export type CompletionRequest = z.output<typeof completionRequest>;
export type ChatRequest = z.output<typeof chatRequest>;
/** What both kinds of request have. */
export type SharedRequest = Pick<ChatRequest, keyof typeof shared & keyof ChatRequest>;

/**
 * Reads and checks a body.
 *
 * @throws ApiError 400 naming the field, when the body is not JSON or does not fit
 */
export async function parseBody<S extends z.ZodType>(request: Request, schema: S): Promise<z.output<S>> {
  let body: unknown;
  try {
    body = await request.json();
  } catch (error) {
    throw new ApiError(400, `the body must be JSON: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  const param = path.join('.') || null;
  throw new ApiError(400, param ? `${param}: ${message}` : message, { param });
}
