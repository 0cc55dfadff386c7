import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { chatCompletions } from './openai/chat-completions.ts';
import { completions } from './openai/completions.ts';
import { ApiError } from './openai/errors.ts';
import type { ServedModel } from './served-model.ts';

/** Largest request body, in bytes. */
const MAX_BODY = 16 * 1024 * 1024;

/** The chat page, beside `src` and `dist`. */
const PAGE = new URL('../assets/chat.html', import.meta.url);

/** How the chat page behaves. */
export interface PageOptions {
  /** Send each message without the ones before it: for models that never saw a conversation. Default false. */
  singleTurn?: boolean;
  /** Messages that the empty page offers. */
  suggestions?: readonly string[];
}

/** Who may use the server, and how its page behaves. */
export interface AppOptions {
  /** Clients must send it as bearer token; default: none is asked for. */
  apiKey?: string;
  page?: PageOptions;
}

/** The routes of the server: OpenAI's API under /v1, /health, and a page to chat at /. */
export function createApp(model: ServedModel, { apiKey, page = {} }: AppOptions = {}): Hono {
  const app = new Hono();
  const html = chatPage(page);
  app.get('/', (c) => c.html(html));
  app.get('/health', (c) => c.json({ status: 'ok', model: model.id, ...model.engine.load }));

  app.use('/v1/*', async (c, next) => {
    if (apiKey) checkKey(apiKey, c.req.header('authorization'));
    await next();
  });
  app.use(
    '/v1/*',
    bodyLimit({
      maxSize: MAX_BODY,
      onError: () => {
        throw new ApiError(400, `the body must be at most ${MAX_BODY} bytes`);
      },
    }),
  );
  const card = { id: model.id, object: 'model', created: model.created, owned_by: 'attune' };
  app.get('/v1/models', (c) => c.json({ object: 'list', data: [card] }));
  app.get('/v1/models/:id{.+}', (c) => {
    if (c.req.param('id') === model.id) return c.json(card);
    throw new ApiError(404, `the model "${c.req.param('id')}" does not exist here`, {
      code: 'model_not_found',
    });
  });
  app.post('/v1/completions', (c) => completions(c, model));
  app.post('/v1/chat/completions', (c) => chatCompletions(c, model));

  app.notFound((c) =>
    c.json(new ApiError(404, `no such address: ${c.req.method} ${c.req.path}`, { code: 'unknown_url' }), 404),
  );
  app.onError((error, c) => {
    const known =
      error instanceof ApiError ? error : new ApiError(500, error.message, { type: 'server_error' });
    if (known !== error) console.error(error);
    return c.json(known, known.status);
  });
  return app;
}

function chatPage(options: PageOptions): string {
  const json = JSON.stringify(options).replaceAll('<', '\\u003c');
  return readFileSync(PAGE, 'utf8').replace('id="page-options">{}', () => `id="page-options">${json}`);
}

function checkKey(apiKey: string, header = ''): void {
  // Hashes have one length, so the comparison takes the same time whatever was sent.
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (timingSafeEqual(digest(header), digest(`Bearer ${apiKey}`))) return;
  throw new ApiError(401, 'wrong or missing API key: send it as "Authorization: Bearer <key>"', {
    code: 'invalid_api_key',
  });
}
