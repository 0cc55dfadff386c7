import { setImmediate } from 'node:timers/promises';
import { powerOfTwo } from './buckets.ts';
import type { CacheTensors, Decoder, Predictions } from './cached-decoder.ts';
import type { GenerationRequest } from './generation-request.ts';
import { Sampler } from './sampler.ts';
import type { Sequence } from './sequence.ts';

/** Padded prompt tokens fed in one go, unless a single prompt is longer. */
const PREFILL_TOKENS = 8192;
const SMALLEST_CAPACITY = 64;
/** Room that a sequence gets for its answer at first; a cache that fills up is copied into one of twice the size. */
const FIRST_ROOM = 512;

/** How a batch runs. */
export interface BatchSettings {
  /** Tokens of an answer for which a sequence gets room at first. */
  firstRoom?: number | undefined;
  /** Compute in this thread; the event loop goes on between steps. */
  synchronous?: boolean | undefined;
}

/** A row of the running batch. */
interface Row {
  request: GenerationRequest;
  sequence: Sequence;
}

/**
 * The running batch: sequences join and leave between steps (Yu et al. 2022, "Orca", section 3.1). The samples of
 * one prompt share its prefill. Rows of the cache: the running sequences first, in any order, then unused ones.
 */
export class ContinuousBatch {
  private readonly decoder: Decoder;
  private readonly maxBatch: number;
  private readonly firstRoom: number;
  private readonly synchronous: boolean;
  private readonly sampler: Sampler;
  private waiting: GenerationRequest[] = [];
  /** Requests whose prompts are being fed. */
  private joining: GenerationRequest[] = [];
  /** One per row of the cache; undefined where a sequence has ended. */
  private rows: (Row | undefined)[] = [];
  private cache: CacheTensors | undefined;
  /** Of the last step, all read: memory for the next. */
  private predictions: Predictions | undefined;
  private capacity = 0;

  /** @param maxBatch most sequences that run at once; a request with more samples never starts */
  constructor(decoder: Decoder, maxBatch: number, settings: BatchSettings = {}) {
    this.decoder = decoder;
    this.maxBatch = maxBatch;
    this.firstRoom = settings.firstRoom ?? FIRST_ROOM;
    this.synchronous = settings.synchronous ?? false;
    this.sampler = new Sampler(decoder.vocabSize);
  }

  /** Requests that wait. */
  get queued(): number {
    return this.waiting.filter((request) => !request.ended).length;
  }

  /** Sequences that run, or whose prompt is being fed. */
  get running(): number {
    const joining = this.joining.filter((request) => !request.ended);
    return this.activeRows().length + joining.reduce((sum, { samples }) => sum + samples, 0);
  }

  /** Nothing is left to do, not even to free the cache. */
  get idle(): boolean {
    return this.waiting.length === 0 && this.rows.length === 0;
  }

  /** Queues a request; it starts at the next step that has room for all its samples. */
  add(request: GenerationRequest): void {
    this.waiting.push(request);
  }

  /** Lets waiting requests join, then advances every running sequence by one token. */
  async step(): Promise<void> {
    this.dropEnded();
    await this.admit();
    await this.decode();
    if (this.running === 0) this.clear();
  }

  private dropEnded(): void {
    this.waiting = this.waiting.filter((request) => !request.ended);
    this.rows = this.rows.map((row) => (row && isActive(row) ? row : undefined));
  }

  private async admit(): Promise<void> {
    this.joining = this.takeWaiting();
    if (this.joining.length === 0) return;
    try {
      await this.join(this.joining);
    } catch (error) {
      for (const request of this.joining) request.fail(error);
    }
    this.joining = [];
  }

  /** The requests at the head of the queue that fit the free rows and can be fed together. */
  private takeWaiting(): GenerationRequest[] {
    let free = this.maxBatch - this.running;
    let longest = 0;
    let count = 0;
    for (const { samples, promptIds } of this.waiting) {
      longest = Math.max(longest, promptIds.length);
      if (samples > free || (count > 0 && (count + 1) * longest > PREFILL_TOKENS)) break;
      free -= samples;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  private async join(requests: GenerationRequest[]): Promise<void> {
    const prompts = requests.map((request) => request.promptIds);
    const needed = requests.map(({ promptIds, mostTokens }) =>
      powerOfTwo(Math.min(mostTokens, promptIds.length + this.firstRoom)),
    );
    const capacity = Math.max(this.capacity, SMALLEST_CAPACITY, ...needed);
    const { cache, ...next } = await this.decoder.prefill(prompts);

    const stayed = this.activeRows();
    const kept = stayed.map((row) => this.rows[row]!);
    const sources = [...stayed];
    requests.forEach((request, i) => {
      for (const sequence of request.start()) {
        this.advance({ request, sequence }, next, i);
        if (sequence.finishReason || request.ended) continue;
        kept.push({ request, sequence });
        sources.push(this.rows.length + i);
      }
    });
    await this.arrange(this.cache ? [this.cache, cache] : [cache], kept, sources, capacity);
  }

  private async decode(): Promise<void> {
    this.dropEnded();
    if (this.running === 0) return;
    try {
      await this.fit();
      const tokens = this.rows.map((row) => row?.sequence.last ?? 0);
      // The last token drawn is not in the cache yet.
      const lengths = this.rows.map((row) => (row ? row.sequence.length - 1 : 0));
      const { predictions: spent, synchronous } = this;
      const { cache, ...next } = await this.decoder.step(this.cache!, tokens, lengths, {
        spent,
        synchronous,
      });
      if (synchronous) await setImmediate();
      this.cache = cache;
      this.predictions = next;
      this.rows.forEach((row, i) => {
        if (row && !row.request.ended) this.advance(row, next, i);
      });
    } catch (error) {
      for (const row of this.rows) row?.request.fail(error);
    }
    this.dropEnded();
  }

  /** Draws one token from a row of what the decoder gave; a failure ends this request alone. */
  private advance({ request, sequence }: Row, { logits, weights }: Predictions, row: number): void {
    try {
      const part = (values: Float32Array) => this.decoder.row(values, row);
      request.report(sequence.next(part(logits), this.sampler, weights && part(weights)));
    } catch (error) {
      request.fail(error);
    }
  }

  /** Copies the running rows together once three quarters of the batch stand idle, and makes room for their tokens. */
  private async fit(): Promise<void> {
    const active = this.activeRows();
    const kept = active.map((row) => this.rows[row]!);
    const longest = Math.max(...kept.map(({ sequence }) => sequence.length));
    const capacity = Math.max(this.capacity, powerOfTwo(longest));
    if (active.length * 4 > this.rows.length && capacity === this.capacity) return;
    await this.arrange([this.cache!], kept, active, capacity);
  }

  /** Makes `kept` the running batch; `sources` names their rows in the given caches, counted through all of them. */
  private async arrange(
    caches: CacheTensors[],
    kept: Row[],
    sources: number[],
    capacity: number,
  ): Promise<void> {
    const batch = powerOfTwo(kept.length);
    const unused = new Array<number>(batch - kept.length).fill(0);
    this.cache = await this.decoder.select(caches, [...sources, ...unused], capacity);
    this.rows = [...kept, ...unused.map(() => undefined)];
    this.capacity = capacity;
  }

  private activeRows(): number[] {
    return [...this.rows.keys()].filter((i) => this.rows[i] && isActive(this.rows[i]));
  }

  private clear(): void {
    if (this.cache) this.decoder.release(this.cache);
    this.cache = undefined;
    this.predictions = undefined;
    this.rows = [];
    this.capacity = 0;
  }
}

function isActive({ request, sequence }: Row): boolean {
  return !request.ended && !sequence.finishReason;
}
