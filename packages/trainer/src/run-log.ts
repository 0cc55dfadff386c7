import type { Estimate } from '@attune/eval';
import type { Callbacks, Sample, Speed } from './callbacks.ts';
import type { Checkpoint } from './checkpoint/folders.ts';
import type { TrainerState } from './checkpoint/state.ts';
import type { Evaluation } from './loop/evaluator.ts';
import type { RunFolder } from './run-folder.ts';

/** Writes what happens in a run to its folder and tells the callbacks. */
export class RunLog {
  /** Steps taken. */
  step = 0;
  /** The last value of every metric. */
  readonly metrics: Record<string, number> = {};
  /** The last confidence intervals of held-out scores. */
  readonly scores: Record<string, Estimate> = {};
  private readonly folder: RunFolder;
  private readonly callbacks: Required<Callbacks>;
  private startStep = 0;
  private steps = 0;
  private startTime = 0;
  private lastTime = 0;

  constructor(folder: RunFolder, callbacks: Required<Callbacks>) {
    this.folder = folder;
    this.callbacks = callbacks;
    Object.assign(this.metrics, folder.checkpoint?.state.metrics);
    Object.assign(this.scores, folder.checkpoint?.state.scores);
  }

  /** Starts the clock. */
  begin(startStep: number, steps: number): void {
    this.step = startStep;
    this.startStep = startStep;
    this.steps = steps;
    this.startTime = performance.now();
    this.lastTime = this.startTime;
  }

  /** Logs a finished step; every `logEvery`-th goes to the files. */
  async onStep(
    step: number,
    metrics: Record<string, number>,
    samples: readonly Sample[],
    inputTokens: number,
    parts: Speed['parts'],
    logEvery: number,
  ): Promise<void> {
    this.step = step;
    Object.assign(this.metrics, metrics);
    const speed = this.measure(inputTokens, parts);
    if (step % logEvery === 0 || step === this.steps) {
      this.folder.metrics.append({ step, ...metrics });
      const { remainingSeconds: _, parts: spent, ...measured } = speed;
      const named = Object.entries(spent).map(([name, seconds]) => [`seconds/${name}`, seconds]);
      this.folder.speed.append({ step, ...measured, ...Object.fromEntries(named) });
      this.folder.events.scalars(step, {
        ...metrics,
        'speed/tokens-per-second': speed.tokensPerSecond,
        'speed/memory-bytes': speed.memoryBytes,
      });
    }
    await this.keep(samples);
    await this.callbacks.onStep({ step, steps: this.steps, metrics, speed });
  }

  /** Logs scores on held-out examples. */
  async onEvaluation(step: number, { metrics, intervals, samples }: Evaluation): Promise<void> {
    Object.assign(this.metrics, metrics);
    Object.assign(this.scores, intervals);
    this.folder.metrics.append({ step, ...metrics });
    this.folder.events.scalars(step, metrics);
    await this.keep(samples);
    await this.callbacks.onEvaluation({ step, metrics, intervals });
  }

  async onCheckpoint(checkpoint: Checkpoint): Promise<void> {
    await this.callbacks.onCheckpoint(checkpoint);
  }

  /** Puts everything logged on the disk; what a resumed run needs of it goes into a checkpoint. */
  flush(): Pick<TrainerState, 'metricsBytes' | 'speedBytes' | 'samplesBytes' | 'metrics' | 'scores'> {
    const { metrics, scores } = this;
    const { metrics: lines, speed, samples } = this.folder;
    const [metricsBytes, speedBytes, samplesBytes] = [lines, speed, samples].map((file) => file.flush()) as [
      number,
      number,
      number,
    ];
    return { metricsBytes, speedBytes, samplesBytes, metrics, scores };
  }

  close(): void {
    const { metrics, speed, samples, events } = this.folder;
    for (const file of [metrics, speed, samples, events]) file.close();
  }

  private async keep(samples: readonly Sample[]): Promise<void> {
    if (samples.length === 0) return;
    for (const sample of samples) {
      this.folder.samples.append(sample);
      const reward = sample.reward === undefined ? '' : `\n\nreward ${sample.reward}`;
      this.folder.events.text(sample.step, 'samples', `${sample.prompt}\n\n${sample.answer}${reward}`);
    }
    await this.callbacks.onSamples(samples);
  }

  private measure(tokens: number, parts: Speed['parts']): Speed {
    const now = performance.now();
    const seconds = (now - this.lastTime) / 1000;
    this.lastTime = now;
    const perStep = (now - this.startTime) / 1000 / (this.step - this.startStep);
    return {
      seconds,
      parts,
      tokensPerSecond: tokens / seconds,
      memoryBytes: process.memoryUsage.rss(),
      remainingSeconds: perStep * (this.steps - this.step),
    };
  }
}
