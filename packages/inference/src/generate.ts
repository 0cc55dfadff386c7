import type { CausalLM } from '@attune/models';
import { AsyncQueue } from './async-queue.ts';
import { decoderOf } from './cached-decoder.ts';
import { ContinuousBatch } from './continuous-batch.ts';
import {
  type Generation,
  resolveSequenceOptions,
  type SequenceOptions,
  type TokenEvent,
} from './generation-options.ts';
import { GenerationRequest } from './generation-request.ts';
import { MixedDecoder } from './mixed-decoder.ts';
import { checkPrompt } from './prompt.ts';

/** How a batch of prompts is answered. */
export interface GenerateOptions extends SequenceOptions {
  /** Most tokens to generate for each prompt, in place of `maxNewTokens` for all. */
  maxNewTokensEach?: readonly number[];
  /** Draw from π^(1 − weight) π_other^weight, renormalised at each token, in place of the model's π alone. */
  mixture?: { model: CausalLM; weight: number };
  /** Samples per prompt; default 1. They share the prompt's prefill. */
  n?: number;
  /** Most sequences computed at once; default 256. Changes speed and memory, never the samples. */
  maxBatch?: number;
  /**
   * Counter of the random numbers of the first sample; the others follow in order, so that a large job cut into
   * several calls draws what one call would. Default 0.
   */
  firstCounter?: number;
  /**
   * Compute in the calling thread instead of beside it: faster where steps are short and nobody waits for the event loop,
   * which goes on between tokens only. Default false.
   */
  synchronous?: boolean;
  /** Called with each token as soon as it is drawn. */
  onToken?: (event: TokenEvent) => void;
  /** Ends the generation early; what was generated is returned with `finishReason: 'cancelled'`. */
  signal?: AbortSignal;
}

/**
 * Generates answers to prompts: batched, with a key-value cache, several samples per prompt.
 * Sample s of prompt p draws the random numbers of counter `firstCounter + p * n + s` under `seed`; neither the other
 * prompts nor the batch size changes them.
 *
 * @param prompts token ids, at least one each
 * @returns all samples of the first prompt, then of the second ...
 * @throws Error when a prompt is empty, fills the model's context or holds an id outside its vocabulary
 */
export async function generate(
  model: CausalLM,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions = {},
): Promise<Generation[]> {
  const { n = 1, maxBatch = 256, firstCounter = 0, onToken, signal } = options;
  checkCount('n', n);
  checkCount('maxBatch', maxBatch);
  const { mixture, maxNewTokensEach: each } = options;
  const own = decoderOf(model);
  const decoder = mixture ? new MixedDecoder(own, decoderOf(mixture.model), mixture.weight) : own;
  if (each && each.length !== prompts.length) {
    throw new Error(
      `maxNewTokensEach must have an entry for each of ${prompts.length} prompts, found ${each.length}`,
    );
  }
  const shared = resolveSequenceOptions(options, decoder);
  const resolved = each?.map((maxNewTokens) => resolveSequenceOptions({ ...options, maxNewTokens }, decoder));
  for (const [i, ids] of prompts.entries()) {
    checkPrompt(ids, decoder, prompts.length === 1 ? 'prompt' : `prompt ${i}`);
  }

  const requests = prompts.flatMap((promptIds, prompt) =>
    splitSamples(n, maxBatch).map(
      ({ firstSample, samples }) =>
        new GenerationRequest({
          promptIds,
          prompt,
          firstSample,
          samples,
          firstCounter: firstCounter + prompt * n + firstSample,
          contextLength: decoder.contextLength,
          options: resolved?.[prompt] ?? shared,
          onToken,
        }),
    ),
  );
  const batch = new ContinuousBatch(decoder, maxBatch, { synchronous: options.synchronous });
  // Prompts of like length pad each other least.
  for (const request of [...requests].sort((a, b) => a.promptIds.length - b.promptIds.length))
    batch.add(request);
  const result = Promise.all(requests.map((request) => request.result));
  const cancelAll = () => {
    for (const request of requests) request.cancel();
  };
  result.catch(cancelAll);
  while (!batch.idle) {
    if (signal?.aborted) cancelAll();
    await batch.step();
  }
  return (await result).flat();
}

/**
 * Generates one answer, token by token. Leaving the loop stops the computation.
 *
 * @example for await (const { text } of stream(model, ids, { tokenizer })) process.stdout.write(text);
 */
export async function* stream(
  model: CausalLM,
  prompt: readonly number[],
  options: Omit<GenerateOptions, 'onToken' | 'maxBatch'> = {},
): AsyncGenerator<TokenEvent, void> {
  const abort = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, abort.signal]) : abort.signal;
  const events = new AsyncQueue<TokenEvent>();
  generate(model, [prompt], { ...options, signal, onToken: (event) => events.push(event) }).then(
    () => events.end(),
    (error) => events.fail(error),
  );
  try {
    yield* events;
  } finally {
    abort.abort();
  }
}

/** n samples in parts that fit a batch. */
function splitSamples(n: number, maxBatch: number): { firstSample: number; samples: number }[] {
  const parts = Math.ceil(n / maxBatch);
  return Array.from({ length: parts }, (_, i) => ({
    firstSample: i * maxBatch,
    samples: Math.min(maxBatch, n - i * maxBatch),
  }));
}

function checkCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new Error(`${name} must be a whole number, at least 1, found ${value}`);
  }
}
