import type { Estimate } from '@attune/eval';
import type { Checkpoint } from './checkpoint/folders.ts';

/** What is known of a run before its first step. */
export interface RunStart {
  name: string;
  /** Folder of the run. */
  folder: string;
  algorithm: string;
  /** What computes, in words, e.g. `onnx (ONNX Runtime 1.30, cpu)`. */
  backend: string;
  /** Steps in all. */
  steps: number;
  /** Steps that a resumed run has behind it. */
  startStep: number;
  parameters: number;
  trainableParameters: number;
  /** What is trained on, in words. */
  data: string;
}

/** One finished optimizer step. */
export interface StepEvent {
  /** Number of the step, from 1. */
  step: number;
  steps: number;
  /** `loss`, `learning-rate`, `grad-norm`, `tokens` and the algorithm's own: a pure function of recipe and step. */
  metrics: Record<string, number>;
  speed: Speed;
}

/** What depends on the machine and its load. */
export interface Speed {
  /** Of this step, sampling included. */
  seconds: number;
  /** Seconds of making its batches (sampling answers included, scoring left out), of scoring, and of the update. */
  parts: { rollout: number; scoring: number; update: number };
  /** Tokens read per second, prompts included and padding left out. */
  tokensPerSecond: number;
  /** Resident memory of the process. */
  memoryBytes: number;
  /** Estimate for the rest of the run. */
  remainingSeconds: number;
}

/** Scores on held-out examples. */
export interface EvaluationEvent {
  /** Steps taken so far. */
  step: number;
  metrics: Record<string, number>;
  /** Of those that are means over examples: 95% confidence intervals. */
  intervals: Record<string, Estimate>;
}

/** A text the model produced during the run, as it stands in `samples.jsonl`. */
export interface Sample {
  step: number;
  prompt: string;
  answer: string;
  /** Rollouts only. */
  reward?: number;
  /** What the data says the answer is, where it does. */
  expected?: string;
}

/** How a run ended. */
export interface RunResult {
  folder: string;
  /** Folder of the trained model in Hugging Face layout; absent when the run did not come to its end. */
  model?: string;
  /** Steps taken. */
  step: number;
  /** The last training and evaluation metrics. */
  metrics: Record<string, number>;
  /** Held-out scores of the last evaluation with 95% confidence intervals. */
  scores: Record<string, Estimate>;
  /** Why the run stopped before its end: numbers that are not finite, or an interruption. */
  stopped?: string;
}

/** Called as a run goes on. A callback may be asynchronous: the run waits for it. */
export interface Callbacks {
  onStart?(start: RunStart): unknown;
  onStep?(event: StepEvent): unknown;
  onEvaluation?(event: EvaluationEvent): unknown;
  onSamples?(samples: readonly Sample[]): unknown;
  onCheckpoint?(checkpoint: Checkpoint): unknown;
  /** Something worth knowing in one line: a checkpoint that was skipped, examples that were cut. */
  onNotice?(message: string): unknown;
  onEnd?(result: RunResult): unknown;
}

/** Several sets of callbacks as one, called in order. */
export function combineCallbacks(all: readonly Callbacks[]): Required<Callbacks> {
  const each =
    <K extends keyof Callbacks>(key: K) =>
    async (argument: never) => {
      for (const callbacks of all)
        await (callbacks[key] as ((argument: never) => unknown) | undefined)?.(argument);
    };
  return {
    onStart: each('onStart'),
    onStep: each('onStep'),
    onEvaluation: each('onEvaluation'),
    onSamples: each('onSamples'),
    onCheckpoint: each('onCheckpoint'),
    onNotice: each('onNotice'),
    onEnd: each('onEnd'),
  };
}
