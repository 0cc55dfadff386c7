import type { Sample } from '../callbacks.ts';
import type { MicroBatch } from './micro-batch.ts';

/** What one optimizer step is taken on. */
export interface StepBatches {
  batches: readonly MicroBatch[];
  /** To be logged with the step, e.g. rewards. */
  metrics: Record<string, number>;
  /** Texts worth keeping. */
  samples: readonly Sample[];
  /** Seconds that scoring took, where answers were scored. */
  scoringSeconds?: number;
}

/** Where a run's batches come from: a data set, or the policy's own answers. */
export interface BatchSource {
  /** The micro-batches of the step after `step` steps. */
  next(step: number): Promise<StepBatches>;
  /** Whether a checkpoint may be taken after `step` steps: not while a rollout is still in use. */
  mayPause(step: number): boolean;
  /** For a checkpoint: plain JSON. */
  state(): unknown;
  /** Continues where `state` was taken. */
  restore(state: unknown): void;
  /** Frees what was compiled. */
  dispose(): void;
}
