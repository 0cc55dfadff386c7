import { RewardError } from '../failure.ts';
import { type JudgeModel, newStats } from './model.ts';

/** An endpoint that speaks OpenAI's chat completions. */
export interface EndpointOptions {
  /** Address before `/chat/completions`, e.g. `http://localhost:8000/v1`. */
  baseUrl: string;
  model: string;
  /** Sent as a bearer token. */
  apiKey?: string;
  /** Default 0: the same question gets the same answer. */
  temperature?: number;
  /** Longest answer in tokens. Default 1024. */
  maxTokens?: number;
  /** Milliseconds for one attempt. Default 60,000. */
  timeoutMs?: number;
  /** Attempts after the first. Default 4. */
  retries?: number;
  /** Milliseconds before the second attempt; they double from attempt to attempt, up to a minute. Default 1000. */
  backoffMs?: number;
  /** Requests at the same time. Default 8. */
  concurrency?: number;
  /** More of the request's body, e.g. `{ response_format: … }`. */
  body?: Record<string, unknown>;
  /** Default: the global one. */
  fetch?: typeof fetch;
  /** Waits; default a timer. */
  sleep?: (milliseconds: number) => Promise<unknown>;
}

/** What an attempt ended with: an answer, or whether and when to try again. */
type Attempt = { answer: string } | { error: RewardError; again: boolean; after?: number };

const LONGEST_WAIT = 60_000;

/**
 * A judge behind an OpenAI-compatible endpoint. Requests that time out, break off, or are answered with 408, 409, 429 or
 * 5xx are made again, after what `Retry-After` says or a delay that doubles; other answers fail at once.
 */
export function endpointJudge(options: EndpointOptions): JudgeModel {
  const { baseUrl, model, temperature = 0, maxTokens = 1024, retries = 4, backoffMs = 1000 } = options;
  const { concurrency = 8, sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms)) } = options;
  const url = `${baseUrl.replace(/\/+$/, '')}/chat/completions`;
  const stats = newStats();
  const turn = limiter(concurrency);
  return {
    name: model,
    stats,
    async complete(messages) {
      stats.calls++;
      const body = { model, messages, temperature, max_tokens: maxTokens, ...options.body };
      for (let attempt = 0; ; attempt++) {
        const result = await turn(() => request(url, body, options));
        if ('answer' in result) return result.answer;
        if (!result.again || attempt >= retries) {
          stats.failed++;
          throw result.error;
        }
        stats.retries++;
        await sleep(Math.min(LONGEST_WAIT, result.after ?? backoffMs * 2 ** attempt));
      }
    },
  };
}

async function request(url: string, body: object, options: EndpointOptions): Promise<Attempt> {
  const { apiKey, timeoutMs = 60_000, fetch: send = fetch } = options;
  const unavailable = (message: string) => new RewardError('unavailable', `judge at ${url}: ${message}`);
  try {
    const response = await send(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) {
      const text = (await response.text()).slice(0, 200);
      const again = [408, 409, 429].includes(response.status) || response.status >= 500;
      return {
        error: unavailable(`answered ${response.status}: ${text}`),
        again,
        after: retryAfter(response),
      };
    }
    const answer = contentOf(await response.json());
    if (answer !== undefined) return { answer };
    const error = new RewardError('unparsable', `judge at ${url}: the response holds no message`);
    return { error, again: true };
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'TimeoutError' || name === 'AbortError') {
      const late = new RewardError('timeout', `judge at ${url}: no answer within ${timeoutMs} ms`);
      return { error: late, again: true };
    }
    return { error: unavailable(message), again: true };
  }
}

function contentOf(response: unknown): string | undefined {
  const { choices } = (response ?? {}) as { choices?: { message?: { content?: unknown } }[] };
  const content = choices?.[0]?.message?.content;
  return typeof content === 'string' ? content : undefined;
}

/** Milliseconds, when the response names seconds. */
function retryAfter(response: Response): number | undefined {
  const seconds = Number.parseFloat(response.headers.get('retry-after') ?? '');
  return seconds >= 0 ? seconds * 1000 : undefined;
}

/** Lets so many functions run at a time, the others wait in order. */
function limiter(limit: number): <T>(run: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (run) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await run();
    } finally {
      // The place goes to the next in line without being free in between.
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
