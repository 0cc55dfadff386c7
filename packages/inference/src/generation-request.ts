import type { Generation, ResolvedSequenceOptions, TokenEvent } from './generation-options.ts';
import { Sequence } from './sequence.ts';

/** What is asked for: some samples of one prompt. */
export interface RequestSpec {
  promptIds: readonly number[];
  /** Index of the prompt, as reported. */
  prompt: number;
  /** Index of its first sample, as reported. */
  firstSample: number;
  /** Sequences to sample. */
  samples: number;
  /** Counter of the random numbers of its first sample. */
  firstCounter: number;
  contextLength: number;
  options: ResolvedSequenceOptions;
  onToken?: (event: TokenEvent) => void;
}

/** A request on its way through the batch. Its result settles exactly once. */
export class GenerationRequest {
  readonly promptIds: readonly number[];
  readonly samples: number;
  /** Resolves with one generation per sample, in order, also when it was cancelled. */
  readonly result: Promise<Generation[]>;
  /** Finished, failed or cancelled: nothing more is to be computed. */
  ended = false;

  private readonly spec: RequestSpec;
  private sequences: Sequence[] = [];
  private unfinished: number;
  private resolve!: (generations: Generation[]) => void;
  private reject!: (error: unknown) => void;

  constructor(spec: RequestSpec) {
    this.spec = spec;
    this.promptIds = spec.promptIds;
    this.samples = spec.samples;
    this.unfinished = spec.samples;
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** Tokens that prompt and answer can reach together. */
  get mostTokens(): number {
    const { promptIds, options, contextLength } = this.spec;
    return Math.min(promptIds.length + options.maxNewTokens, contextLength);
  }

  /** Creates the sequences. */
  start(): Sequence[] {
    this.createSequences();
    return this.sequences;
  }

  /** Passes a token on, and settles the result if it was the last. */
  report(event: TokenEvent): void {
    if (event.finishReason) this.unfinished--;
    this.spec.onToken?.(event);
    if (this.unfinished === 0) this.settle();
  }

  /** Ends the request where it is. */
  cancel(): void {
    if (this.ended) return;
    if (this.sequences.length === 0) this.createSequences();
    this.settle();
  }

  fail(error: unknown): void {
    this.ended = true;
    this.reject(error);
  }

  private createSequences(): void {
    const { promptIds, prompt, firstSample, samples, firstCounter, contextLength, options } = this.spec;
    this.sequences = Array.from({ length: samples }, (_, i) => {
      const identity = {
        prompt,
        sample: firstSample + i,
        counter: firstCounter + i,
        contextLength,
      };
      return new Sequence(promptIds, identity, options);
    });
  }

  private settle(): void {
    this.ended = true;
    this.resolve(this.sequences.map((sequence) => sequence.result()));
  }
}
