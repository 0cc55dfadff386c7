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
import { checkPrompt } from './prompt.ts';

/** Limits of an engine. */
export interface EngineOptions {
  /** Most sequences that run at once; default 8. */
  maxBatch?: number;
  /** Most requests that wait; default 64. */
  maxQueue?: number;
}

/** A request that the engine accepted: iterate it for tokens, await `result` for the whole. */
export interface EngineRequest extends AsyncIterable<TokenEvent> {
  /** One generation per sample; what there is of them if the request was cancelled. */
  result: Promise<Generation[]>;
  /** Takes the request out of the queue or the running batch; the iteration ends. */
  cancel(): void;
}

/** Too many requests wait. */
export class QueueFullError extends Error {
  override name = 'QueueFullError';
}

/** The engine is closing and takes no more requests. */
export class EngineClosedError extends Error {
  override name = 'EngineClosedError';
}

/**
 * Answers requests as they come: each joins the running batch at the next token and leaves it when it ends, so
 * none waits for another to finish. The computation runs off the event loop where the backend can do that.
 */
export class Engine {
  readonly contextLength: number;
  readonly vocabSize: number;
  private readonly maxBatch: number;
  private readonly maxQueue: number;
  private readonly batch: ContinuousBatch;
  private loop: Promise<void> | undefined;
  private closed = false;

  constructor(model: CausalLM, { maxBatch = 8, maxQueue = 64 }: EngineOptions = {}) {
    const decoder = decoderOf(model);
    this.contextLength = decoder.contextLength;
    this.vocabSize = decoder.vocabSize;
    this.maxBatch = maxBatch;
    this.maxQueue = maxQueue;
    this.batch = new ContinuousBatch(decoder, maxBatch);
  }

  /** Sequences that run, and requests that wait, at this moment. */
  get load(): { running: number; queued: number } {
    return { running: this.batch.running, queued: this.batch.queued };
  }

  /**
   * Queues a request.
   *
   * @param n samples of the prompt; at most the engine's `maxBatch`
   * @throws QueueFullError, EngineClosedError, or an Error naming what is wrong with prompt or options
   */
  submit(promptIds: readonly number[], options: SequenceOptions & { n?: number } = {}): EngineRequest {
    const { n = 1 } = options;
    if (this.closed) throw new EngineClosedError('the engine is closing and takes no more requests');
    if (!Number.isInteger(n) || n < 1 || n > this.maxBatch) {
      throw new Error(`n must be a whole number from 1 to ${this.maxBatch}, found ${n}`);
    }
    checkPrompt(promptIds, this);
    const resolved = resolveSequenceOptions(options, this);
    // Requests that arrive together wait until the next step even where there is room for them.
    const { running, queued } = this.load;
    if (queued >= this.maxQueue + this.maxBatch - running) {
      throw new QueueFullError(`${queued} requests are waiting already: try again later`);
    }

    const events = new AsyncQueue<TokenEvent>();
    const request = new GenerationRequest({
      promptIds,
      prompt: 0,
      firstSample: 0,
      samples: n,
      firstCounter: 0,
      contextLength: this.contextLength,
      options: resolved,
      onToken: (event) => events.push(event),
    });
    request.result.then(
      () => events.end(),
      (error) => events.fail(error),
    );
    this.batch.add(request);
    this.loop ??= this.run();
    return {
      result: request.result,
      cancel: () => request.cancel(),
      [Symbol.asyncIterator]: () => events[Symbol.asyncIterator](),
    };
  }

  /** Refuses new requests and resolves when the accepted ones are done. */
  async close(): Promise<void> {
    this.closed = true;
    await this.loop;
  }

  private async run(): Promise<void> {
    // Requests that arrive together should start together.
    await breathe();
    while (!this.batch.idle) {
      await this.batch.step();
      await breathe();
    }
    this.loop = undefined;
  }
}

/** Lets timers and sockets have their turn, also where the backend computes on this thread. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
