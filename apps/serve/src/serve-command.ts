import { useBackend } from '@attune/backend-onnx';
import { Command, InvalidArgumentError } from 'commander';
import { createApp, type PageOptions } from './create-app.ts';
import { type Listening, listen } from './listen.ts';
import { loadServedModel } from './load-served-model.ts';
import type { ServedModel } from './served-model.ts';

const EXAMPLES = `
Examples:
  attune serve runs/quickstart/model                 chat at http://127.0.0.1:8000
  attune serve ./model --port 9000 --api-key secret  for clients that send the key
  attune serve ./model --host 0.0.0.0                reachable from other machines

Any OpenAI client works with the base URL http://127.0.0.1:8000/v1:
  curl http://127.0.0.1:8000/v1/chat/completions -H 'content-type: application/json' \\
    -d '{"messages": [{"role": "user", "content": "Hello"}], "stream": true}'`;

interface ServeOptions {
  port: number;
  host: string;
  name?: string;
  apiKey?: string;
  maxBatch: number;
  maxQueue: number;
  page?: PageOptions;
}

/** `attune serve <model-dir>`: serves a model folder until it is told to stop. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('Serve a model with an API compatible to OpenAI’s, and a page to chat with it.')
    .argument('<model-dir>', 'folder with config.json, weights and tokenizer.json')
    .option('--port <number>', 'port to listen at; 0 takes any free one', wholeNumber(0, 65535), 8000)
    .option('--host <address>', 'address to listen at', '127.0.0.1')
    .option('--name <name>', 'name of the model in the API (default: the name of the folder)')
    .option('--api-key <key>', 'key that clients must send (default: $ATTUNE_API_KEY, else none)')
    .option('--max-batch <number>', 'answers computed at once', wholeNumber(1, 1024), 8)
    .option(
      '--max-queue <number>',
      'requests that may wait; more are told to come back',
      wholeNumber(0, 100_000),
      64,
    )
    .addHelpText('after', EXAMPLES)
    .action(async (dir: string, options: ServeOptions) => {
      const server = await startServer(dir, options);
      console.log(`serving ${server.model.id}: chat at ${server.url}, API at ${server.url}/v1`);
      await untilStopped(server);
    });
}

/** A model being served. */
export interface Server extends Listening {
  model: ServedModel;
}

/**
 * Loads a model folder and serves it.
 *
 * @returns once it listens; `close` lets the running answers end
 */
export async function startServer(dir: string, options: Partial<ServeOptions> = {}): Promise<Server> {
  const { port = 8000, host = '127.0.0.1', apiKey = process.env.ATTUNE_API_KEY } = options;
  await useBackend('auto');
  const model = loadServedModel(dir, options);
  const { url, close } = await listen(createApp(model, { apiKey, page: options.page }), { host, port });
  return {
    model,
    url,
    close: async () => {
      await Promise.all([model.engine.close(), close()]);
    },
  };
}

/** Waits for SIGTERM or SIGINT, then for the running answers; a second signal does not wait. */
async function untilStopped(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  const { running, queued } = server.model.engine.load;
  if (running + queued > 0) console.log('finishing the running answers; once more to stop at once');
  const force = () => process.exit(1);
  process.once('SIGTERM', force);
  process.once('SIGINT', force);
  await server.close();
  process.exit(0);
}

function wholeNumber(least: number, most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}
