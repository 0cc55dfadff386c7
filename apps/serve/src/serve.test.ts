import { rmSync } from 'node:fs';
import type { EngineRequest } from '@attune/inference';
import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { tinyModelFolder } from '../test/tiny-folder.ts';
import { createApp } from './create-app.ts';
import { type Server, startServer } from './serve-command.ts';

let dir: string;
let server: Server;
let client: OpenAI;

beforeAll(async () => {
  dir = await tinyModelFolder({ contextLength: 2048 });
  server = await startServer(dir, { port: 0, name: 'tiny', maxBatch: 4, maxQueue: 3 });
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
});

afterAll(async () => {
  await server?.close();
  rmSync(dir, { recursive: true, force: true });
});

const hello = [{ role: 'user' as const, content: 'hello' }];

/** The token that would end an answer. */
const neverStop = { 2: -100 };
/** Keeps the engine busy until it is cancelled. */
const endless = { maxNewTokens: 1900, logitBias: neverStop };

describe('chat completions', () => {
  it('answers, the same again for the same seed', async () => {
    const body = { model: 'tiny', messages: hello, max_completion_tokens: 12, seed: 7 };
    const first = await client.chat.completions.create(body);
    expect(first.object).toBe('chat.completion');
    expect(first.choices).toHaveLength(1);
    expect(first.choices[0]!.message.role).toBe('assistant');
    expect(first.usage).toEqual({
      prompt_tokens: expect.any(Number),
      completion_tokens: 12,
      total_tokens: expect.any(Number),
    });
    const second = await client.chat.completions.create(body);
    expect(second.choices[0]!.message.content).toBe(first.choices[0]!.message.content);
    const other = await client.chat.completions.create({ ...body, seed: 8 });
    expect(other.choices[0]!.message.content).not.toBe(first.choices[0]!.message.content);
  });

  it('streams what it would answer in one piece, with usage and several choices', async () => {
    const body = { model: 'tiny', messages: hello, max_tokens: 20, seed: 3, n: 2, temperature: 0.8 };
    const whole = await client.chat.completions.create(body);
    const stream = await client.chat.completions.create({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    const texts = ['', ''];
    const reasons: (string | null)[] = [null, null];
    let usage: unknown;
    for await (const chunk of stream) {
      expect(chunk.object).toBe('chat.completion.chunk');
      for (const { index, delta, finish_reason } of chunk.choices) {
        texts[index] += delta.content ?? '';
        reasons[index] = finish_reason ?? reasons[index]!;
      }
      usage = chunk.usage ?? usage;
    }
    expect(texts).toEqual(whole.choices.map(({ message }) => message.content));
    expect(reasons).toEqual(whole.choices.map(({ finish_reason }) => finish_reason));
    expect(usage).toEqual(whole.usage);
  });

  it('stops at stop strings', async () => {
    const body = { model: 'tiny', messages: hello, max_tokens: 40, seed: 5 };
    const { choices } = await client.chat.completions.create(body);
    const text = choices[0]!.message.content!;
    const stop = text.slice(6, 9);
    const cut = await client.chat.completions.create({ ...body, stop: [stop] });
    expect(cut.choices[0]!.message.content).toBe(text.slice(0, text.indexOf(stop)));
    expect(cut.choices[0]!.finish_reason).toBe('stop');
  });

  it('gives log-probabilities', async () => {
    const { choices } = await client.chat.completions.create({
      model: 'tiny',
      messages: hello,
      max_tokens: 4,
      temperature: 0,
      logprobs: true,
      top_logprobs: 3,
    });
    const content = choices[0]!.logprobs!.content!;
    expect(content).toHaveLength(4);
    for (const { logprob, top_logprobs } of content) {
      expect(top_logprobs).toHaveLength(3);
      expect(logprob).toBe(top_logprobs[0]!.logprob);
      expect(logprob).toBeLessThan(0);
    }
  });

  it('takes text parts and a developer message', async () => {
    const parts = [
      { type: 'text' as const, text: 'hel' },
      { type: 'text' as const, text: 'lo' },
    ];
    const options = { model: 'tiny', max_tokens: 8, seed: 1 };
    const [a, b] = await Promise.all([
      client.chat.completions.create({
        ...options,
        messages: [
          { role: 'developer', content: 'the cat' },
          { role: 'user', content: parts },
        ],
      }),
      client.chat.completions.create({
        ...options,
        messages: [
          { role: 'system', content: 'the cat' },
          { role: 'user', content: 'hello' },
        ],
      }),
    ]);
    expect(a.choices[0]!.message.content).toBe(b.choices[0]!.message.content);
  });
});

describe('completions', () => {
  it('answers several prompts, texts or token ids, in order', async () => {
    const options = { model: 'tiny', max_tokens: 6, seed: 2 };
    const ids = server.model.tokenizer.encodeIds('the cat');
    const both = await client.completions.create({ ...options, prompt: ['hello', 'the cat'], n: 2 });
    const second = await client.completions.create({ ...options, prompt: ids, n: 2 });
    expect(both.choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(both.choices.slice(2).map(({ text }) => text)).toEqual(second.choices.map(({ text }) => text));
    expect(both.usage!.completion_tokens).toBe(24);
  });

  it('streams, with log-probabilities', async () => {
    const body = { model: 'tiny', prompt: 'the', max_tokens: 10, seed: 4, logprobs: 2 };
    const whole = await client.completions.create(body);
    let text = '';
    const tokens: string[] = [];
    const offsets: number[] = [];
    for await (const { choices } of await client.completions.create({ ...body, stream: true })) {
      text += choices[0]!.text;
      tokens.push(...choices[0]!.logprobs!.tokens!);
      offsets.push(...choices[0]!.logprobs!.text_offset!);
    }
    expect(text).toBe(whole.choices[0]!.text);
    expect(tokens).toEqual(whole.choices[0]!.logprobs!.tokens);
    expect(offsets[0]).toBe(0);
    expect(Object.keys(whole.choices[0]!.logprobs!.top_logprobs![0]!)).toHaveLength(2);
  });

  it('generates 16 tokens where the request does not say', async () => {
    const { usage } = await client.completions.create({ model: 'tiny', prompt: 'the', seed: 1 });
    expect(usage!.completion_tokens).toBe(16);
  });
});

describe('many clients', () => {
  it('each get what they would get alone', async () => {
    const ask = (seed: number) =>
      client.completions.create({
        model: 'tiny',
        prompt: `the cat ${'sat '.repeat(seed)}`,
        max_tokens: 8 + seed,
        seed,
      });
    const together = await Promise.all([1, 2, 3, 4, 5].map(ask));
    for (const [i, found] of together.entries()) {
      expect(found.choices[0]!.text).toBe((await ask(i + 1)).choices[0]!.text);
    }
  });

  it('are told to come back when the queue is full', async () => {
    const accepted: EngineRequest[] = [];
    const fill = () => {
      for (;;) accepted.push(server.model.engine.submit([1], { ...endless, n: 4 }));
    };
    expect(fill).toThrow('requests are waiting already');
    const refused = client.completions.create({ model: 'tiny', prompt: 'the' });
    await expect(refused).rejects.toMatchObject({
      status: 429,
      code: 'queue_full',
      type: 'rate_limit_error',
    });
    for (const request of accepted) request.cancel();
    expect((await client.completions.create({ model: 'tiny', prompt: 'the' })).choices).toHaveLength(1);
  });

  it('free their place when they go away, streaming or not', async () => {
    const submitted = vi.spyOn(server.model.engine, 'submit');
    const body = { model: 'tiny', prompt: 'the', max_tokens: 1900, logit_bias: neverStop };
    for await (const _ of await client.completions.create({ ...body, stream: true })) break;

    const abort = new AbortController();
    const pending = client.completions.create(body, { signal: abort.signal });
    await vi.waitFor(() => expect(submitted).toHaveBeenCalledTimes(2));
    abort.abort();
    await expect(pending).rejects.toThrow();
    for (const { value } of submitted.mock.results) {
      expect((await (value as EngineRequest).result)[0]!.finishReason).toBe('cancelled');
    }
    submitted.mockRestore();
  });

  it('are answered about health while the model runs', async () => {
    const running = server.model.engine.submit([1], endless);
    for await (const _ of running) break;
    const health = await (await fetch(`${server.url}/health`)).json();
    expect(health).toEqual({ status: 'ok', model: 'tiny', running: 1, queued: 0 });
    running.cancel();
    expect((await running.result)[0]!.finishReason).toBe('cancelled');
  });
});

describe('errors', () => {
  const base = { model: 'tiny', messages: hello };

  async function failure(body: object, path = '/chat/completions'): Promise<APIError> {
    const error = await client.post(path, { body }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(APIError);
    return error as APIError;
  }

  it.each([
    [
      'an unknown model',
      { ...base, model: 'other' },
      404,
      'model_not_found',
      'the model "other" does not exist here',
    ],
    [
      'an answer over the context',
      { ...base, max_tokens: 5000 },
      400,
      'context_length_exceeded',
      "the model's context holds 2048 tokens",
    ],
    [
      'a prompt over the context',
      { ...base, messages: [{ role: 'user', content: 'sat '.repeat(3000) }] },
      400,
      'context_length_exceeded',
      'shorten',
    ],
    ['a temperature out of range', { ...base, temperature: 3 }, 400, null, 'temperature: '],
    [
      'more choices than fit a batch',
      { ...base, n: 9 },
      400,
      null,
      'n must be a whole number from 1 to 4, found 9',
    ],
    ['no messages', { ...base, messages: [] }, 400, null, 'messages: '],
    [
      'an unknown role',
      { ...base, messages: [{ role: 'robot', content: 'x' }] },
      400,
      null,
      'messages.0.role',
    ],
    ['tools', { ...base, tools: [{ type: 'function' }] }, 400, null, 'tools is not supported'],
    [
      'JSON mode',
      { ...base, response_format: { type: 'json_object' } },
      400,
      null,
      'only "text" is supported',
    ],
    [
      'a bias for an unknown token',
      { ...base, logit_bias: { 9999: 1 } },
      400,
      null,
      'logitBias[9999]: the model has',
    ],
    ['missing messages', { model: 'tiny' }, 400, null, 'messages'],
  ])('%s', async (_, body, status, code, message) => {
    const error = await failure(body);
    expect([error.status, error.code, error.type]).toEqual([status, code, 'invalid_request_error']);
    expect(error.message).toContain(message);
  });

  it('an empty prompt, and a body that is not JSON', async () => {
    expect((await failure({ model: 'tiny', prompt: '' }, '/completions')).message).toContain(
      'must not be empty',
    );
    const response = await fetch(`${server.url}/v1/completions`, { method: 'POST', body: '{"prompt":' });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: { message: string; code: string } }).error.message).toContain(
      'the body must be JSON',
    );
  });

  it('an unknown address', async () => {
    const response = await fetch(`${server.url}/v1/embeddings`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(404);
    expect(((await response.json()) as { error: { message: string; code: string } }).error.code).toBe(
      'unknown_url',
    );
  });
});

describe('the rest', () => {
  it('lists the model', async () => {
    const models = [];
    for await (const model of client.models.list()) models.push(model.id);
    expect(models).toEqual(['tiny']);
    expect((await client.models.retrieve('tiny')).owned_by).toBe('attune');
    await expect(client.models.retrieve('nope')).rejects.toThrow('does not exist here');
  });

  it('ends a stream with [DONE]', async () => {
    const response = await fetch(`${server.url}/v1/completions`, {
      method: 'POST',
      body: JSON.stringify({ prompt: 'the', max_tokens: 2, stream: true }),
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const events = (await response.text()).trim().split('\n\n');
    expect(events.at(-1)).toBe('data: [DONE]');
    expect(events).toHaveLength(3);
  });

  it('shows a page to chat', async () => {
    const response = await fetch(server.url);
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(await response.text()).toContain('<title>Attune chat</title>');
  });

  it('puts its options into the page, whatever they hold', async () => {
    const suggestions = ['</script><b>', "$' 2 + 2?"];
    const page = await createApp(server.model, { page: { suggestions } }).request('/');
    const [, json] = (await page.text()).match(/id="page-options">(.*?)<\/script>/)!;
    expect(JSON.parse(json!)).toEqual({ suggestions });
  });

  it('asks for the key, if there is one', async () => {
    const locked = await startServer(dir, { port: 0, apiKey: 'secret' });
    const ask = (apiKey: string) =>
      new OpenAI({ baseURL: `${locked.url}/v1`, apiKey, maxRetries: 0 }).models.retrieve(server.model.id);
    await expect(ask('wrong')).rejects.toThrow('401 wrong or missing API key');
    await expect(ask('secret')).rejects.toThrow('404');
    await locked.close();
  });

  it('says which port is in use', async () => {
    const port = Number(new URL(server.url).port);
    await expect(startServer(dir, { port })).rejects.toThrow(`port ${port} is in use`);
  });

  it('finishes running answers before it closes, and takes no new ones', async () => {
    const closing = await startServer(dir, { port: 0 });
    const own = new OpenAI({ baseURL: `${closing.url}/v1`, apiKey: 'none', maxRetries: 0 });
    const submitted = vi.spyOn(closing.model.engine, 'submit');
    const answer = own.completions.create({
      model: closing.model.id,
      prompt: 'the',
      max_tokens: 60,
      logit_bias: neverStop,
    });
    await vi.waitFor(() => expect(submitted).toHaveBeenCalled());
    await closing.close();
    expect((await answer).usage!.completion_tokens).toBe(60);
    await expect(own.completions.create({ model: closing.model.id, prompt: 'the' })).rejects.toThrow();
  });
});
