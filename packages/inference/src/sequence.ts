import type { FinishReason, Generation, ResolvedSequenceOptions, TokenEvent } from './generation-options.ts';
import { adjustLogits, adjustsLogits, TokenHistory } from './penalties.ts';
import { uniformAt } from './random.ts';
import type { Sampler, TokenLogProb } from './sampler.ts';
import { StopStrings } from './stop-strings.ts';
import { StreamDecoder } from './stream-decoder.ts';

/** Which sequence this is. */
export interface SequenceIdentity {
  prompt: number;
  sample: number;
  /** Index that counters the random numbers; distinct for each sequence under one seed. */
  counter: number;
  /** Most tokens that prompt and answer may have together. */
  contextLength: number;
}

/** One sequence while it grows: draws its tokens, keeps its text, knows when to stop. */
export class Sequence {
  readonly ids: number[] = [];
  finishReason: FinishReason | undefined;

  private readonly promptIds: readonly number[];
  private readonly identity: SequenceIdentity;
  private readonly options: ResolvedSequenceOptions;
  private readonly history: TokenHistory | undefined;
  private readonly decoder: StreamDecoder | undefined;
  private readonly stops: StopStrings;
  private readonly logProbs: number[] = [];
  private readonly topLogProbs: TokenLogProb[][] = [];
  private text = '';

  constructor(promptIds: readonly number[], identity: SequenceIdentity, options: ResolvedSequenceOptions) {
    this.promptIds = promptIds;
    this.identity = identity;
    this.options = options;
    this.history = adjustsLogits(options.sampling) ? new TokenHistory(promptIds) : undefined;
    this.decoder = options.tokenizer && new StreamDecoder(options.tokenizer);
    this.stops = new StopStrings(options.stop);
  }

  /** Tokens of prompt and answer together. */
  get length(): number {
    return this.promptIds.length + this.ids.length;
  }

  /** The token to feed to the model next. */
  get last(): number {
    return this.ids.at(-1) ?? this.promptIds.at(-1)!;
  }

  /**
   * Draws the next token from the model's logits and takes it in.
   *
   * @param logits `[vocab]`, not written to
   * @param weights exp(logit − largest logit), `[vocab]`, where the decoder has computed them
   */
  next(logits: Float32Array, sampler: Sampler, weights?: Float32Array): TokenEvent {
    const { prompt, sample, counter } = this.identity;
    const { sampling, topLogProbs } = this.options;
    sampler.read(logits, weights);
    let adjusted: Float32Array | undefined;
    if (this.history) {
      adjusted = logits.slice();
      adjustLogits(adjusted, this.history, sampling);
    }
    const id = sampler.draw(uniformAt(sampling.seed, counter, this.ids.length), sampling, adjusted);
    const logProb = sampler.logProb(id);
    this.ids.push(id);
    this.logProbs.push(logProb);
    this.history?.add(id);

    const text = this.advance(id);
    this.text += text;
    const event: TokenEvent = { prompt, sample, id, logProb, text };
    if (this.finishReason) event.finishReason = this.finishReason;
    if (topLogProbs > 0) {
      event.topLogProbs = sampler.top(topLogProbs);
      this.topLogProbs.push(event.topLogProbs);
    }
    return event;
  }

  /** The sequence as far as it went; cancelled if nothing has ended it. */
  result(): Generation {
    const { prompt, sample } = this.identity;
    const generation: Generation = {
      prompt,
      sample,
      ids: this.ids,
      logProbs: this.logProbs,
      finishReason: this.finishReason ?? 'cancelled',
    };
    if (this.decoder) generation.text = this.text;
    if (this.options.topLogProbs > 0) generation.topLogProbs = this.topLogProbs;
    return generation;
  }

  /** Decides whether the new token ends the sequence; returns the text that became certain. */
  private advance(id: number): string {
    const stoppedById = this.options.stopIds.has(id);
    const shown = this.stops.push(stoppedById ? '' : (this.decoder?.push(id) ?? ''));
    const full = this.ids.length >= this.options.maxNewTokens || this.length >= this.identity.contextLength;
    if (stoppedById || shown.stopped) this.finishReason = 'stop';
    else if (full) this.finishReason = 'length';
    if (!this.finishReason || shown.stopped) return shown.text;

    const rest = this.stops.push(this.decoder?.flush() ?? '');
    if (rest.stopped) this.finishReason = 'stop';
    return shown.text + rest.text + this.stops.flush();
  }
}
