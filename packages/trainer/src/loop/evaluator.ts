import { type Estimate, estimate, wilsonInterval } from '@attune/eval';
import { generate } from '@attune/inference';
import type { Sample } from '../callbacks.ts';
import type { EncodedPrompt, TextCodec } from '../data/codec.ts';
import { hash } from '../random.ts';
import type { ScoreAnswers } from '../rewards.ts';
import type { LossSettings } from './batch-loss.ts';
import { createEvaluation } from './forward.ts';
import { mean } from './means.ts';
import type { MicroBatch } from './micro-batch.ts';

/** What held-out examples are scored by. */
export interface EvaluatorOptions extends LossSettings {
  codec: TextCodec;
  /** Examples for the algorithm's loss, by the name that their metrics begin with; none for rollouts. */
  batches: Record<string, readonly MicroBatch[]>;
  /** Held-out prompts to answer. */
  prompts: readonly EncodedPrompt[];
  /** What else there is to measure of the model on held-out examples. */
  measure?: () => Promise<Pick<Evaluation, 'metrics' | 'intervals'>>;
  /** Scores the answers. Without one only the first `samples` prompts are answered. */
  score?: ScoreAnswers;
  /** Answers to keep. */
  samples: number;
  /** Most tokens of an answer. */
  maxTokens: number;
  /** 0 takes the likeliest token. */
  temperature: number;
  seed: number;
}

/** What an evaluation found. */
export interface Evaluation {
  /** By name, each beginning with the name of its examples, e.g. `validation/`. */
  metrics: Record<string, number>;
  /** Those that are means over examples, with their 95% confidence intervals. */
  intervals: Record<string, Estimate>;
  samples: Sample[];
}

/** Scores a model on held-out examples: the algorithm's loss and metrics, and the rewards of its answers. */
export class Evaluator {
  private readonly options: EvaluatorOptions;
  private readonly loss;

  constructor(options: EvaluatorOptions) {
    this.options = options;
    this.loss = createEvaluation(options);
  }

  /**
   * Scores the model after `step` steps.
   * @param couplingState what the algorithm's coupling keeps from step to step; it stays as it is
   */
  async run(step: number, couplingState?: unknown): Promise<Evaluation> {
    const found: Evaluation = { metrics: {}, intervals: {}, samples: [] };
    const add = (part: string, { metrics, intervals, samples }: Evaluation) => {
      for (const [name, value] of Object.entries(metrics)) found.metrics[`${part}/${name}`] = value;
      for (const [name, value] of Object.entries(intervals)) found.intervals[`${part}/${name}`] = value;
      found.samples.push(...samples);
    };
    for (const [part, batches] of Object.entries(this.options.batches)) {
      if (batches.length > 0) add(part, await this.scoreBatches(batches, couplingState));
    }
    if (this.options.measure) add('validation', { ...(await this.options.measure()), samples: [] });
    add('validation', await this.answer(step));
    return found;
  }

  /** The algorithm's loss and metrics over some examples. */
  private async scoreBatches(batches: readonly MicroBatch[], couplingState: unknown): Promise<Evaluation> {
    const metrics = await this.loss(batches, couplingState);
    if (this.options.algorithm.name === 'sft') metrics.perplexity = Math.exp(metrics.loss!);
    const pairs = batches.reduce((sum, { examples }) => sum + examples, 0);
    const accuracy = metrics['rewards/accuracy'];
    if (accuracy === undefined) return { metrics, intervals: {}, samples: [] };
    const interval = wilsonInterval(Math.round(accuracy * pairs), pairs);
    return { metrics, intervals: { 'rewards/accuracy': interval }, samples: [] };
  }

  /** Frees what was compiled. */
  dispose(): void {
    this.loss.dispose();
  }

  /** Answers the held-out prompts. */
  private async answer(step: number): Promise<Evaluation> {
    const { models, codec, prompts, score, samples, maxTokens, temperature, seed } = this.options;
    const asked = score ? prompts : prompts.slice(0, samples);
    if (asked.length === 0) return { metrics: {}, intervals: {}, samples: [] };
    const answers = await generate(
      models.policy,
      asked.map(({ ids }) => ids),
      {
        temperature,
        seed: hash(seed, step, 'evaluation'),
        maxNewTokens: maxTokens,
        stopIds: codec.eosId === undefined ? [] : [codec.eosId],
        tokenizer: codec.generated,
        synchronous: true,
      },
    );
    const texts = answers.map(({ text }) => text!);
    const scores = await score?.(
      answers.map(({ ids, text, prompt, finishReason }) => {
        const { ids: before, row } = asked[prompt]!;
        const finished = finishReason === 'stop';
        return { text: text!, row, ids: [...before, ...ids], answerIds: ids, finished };
      }),
    );
    const kept = asked.slice(0, samples).map(({ text: prompt }, i): Sample => {
      const sample = { step, prompt, answer: texts[i]! };
      return scores ? { ...sample, reward: scores.total[i] } : sample;
    });
    if (!scores) return { metrics: {}, intervals: {}, samples: kept };
    const scored = asked.map((_, i) => i).filter((i) => scores.scored[i] === 1);
    const total = scored.map((i) => scores.total[i]!);
    const metrics: Record<string, number> = { reward: mean(total) };
    const intervals: Record<string, Estimate> = { reward: estimate(total) };
    if (scored.length < asked.length) metrics['reward/failed'] = asked.length - scored.length;
    for (const [name, values] of Object.entries(scores.parts)) {
      const own = scored.map((i) => values[i]!);
      metrics[`reward/${name}`] = mean(own);
      intervals[`reward/${name}`] = estimate(own);
    }
    metrics['answer-tokens'] = mean(answers.map(({ ids }) => ids.length));
    return { metrics, intervals, samples: kept };
  }
}
