import type { AnyAlgorithm } from '@attune/algorithms';
import { type Estimate, estimate, wilsonInterval } from '@attune/eval';
import { generate } from '@attune/inference';
import type { CausalLM } from '@attune/models';
import type { Sample } from '../callbacks.ts';
import type { EncodedPrompt, TextCodec } from '../data/encode.ts';
import { hash } from '../random.ts';
import type { ScoreAnswers } from '../rewards.ts';
import { createEvaluation } from './forward.ts';
import { mean } from './means.ts';
import type { MicroBatch } from './micro-batch.ts';

/** What held-out examples are scored by. */
export interface EvaluatorOptions {
  model: CausalLM;
  algorithm: AnyAlgorithm;
  /** The algorithm's options, parsed. */
  options: unknown;
  codec: TextCodec;
  /** Held-out examples for the algorithm's loss; none for rollouts. */
  batches: readonly MicroBatch[];
  /** Held-out prompts to answer. */
  prompts: readonly EncodedPrompt[];
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
  /** By name, each beginning with `validation/`. */
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
    this.loss = createEvaluation(options.model, options.algorithm, options.options);
  }

  /** Scores the model after `step` steps. */
  async run(step: number): Promise<Evaluation> {
    const { batches, algorithm } = this.options;
    const metrics = batches.length > 0 ? await this.loss(batches) : {};
    if (algorithm.name === 'sft' && metrics.loss !== undefined) metrics.perplexity = Math.exp(metrics.loss);
    const pairs = batches.reduce((sum, { examples }) => sum + examples, 0);
    const accuracy = metrics['rewards/accuracy'];
    const intervals: Record<string, Estimate> = {};
    if (accuracy !== undefined)
      intervals['rewards/accuracy'] = wilsonInterval(Math.round(accuracy * pairs), pairs);
    const answers = await this.answer(step);
    return {
      metrics: heldOut({ ...metrics, ...answers.metrics }),
      intervals: heldOut({ ...intervals, ...answers.intervals }),
      samples: answers.samples,
    };
  }

  /** Frees what was compiled. */
  dispose(): void {
    this.loss.dispose();
  }

  /** Answers the held-out prompts. */
  private async answer(step: number): Promise<Evaluation> {
    const { model, codec, prompts, score, samples, maxTokens, temperature, seed } = this.options;
    const asked = score ? prompts : prompts.slice(0, samples);
    if (asked.length === 0) return { metrics: {}, intervals: {}, samples: [] };
    const answers = await generate(
      model,
      asked.map(({ ids }) => ids),
      {
        temperature,
        seed: hash(seed, step, 'evaluation'),
        maxNewTokens: maxTokens,
        stopIds: codec.eosId === undefined ? [] : [codec.eosId],
        tokenizer: codec.generated,
      },
    );
    const texts = answers.map(({ text }) => text!);
    const scores = await score?.(
      texts,
      asked.map(({ row }) => row),
    );
    const kept = asked.slice(0, samples).map(({ text: prompt }, i): Sample => {
      const sample = { step, prompt, answer: texts[i]! };
      return scores ? { ...sample, reward: scores.total[i] } : sample;
    });
    if (!scores) return { metrics: {}, intervals: {}, samples: kept };
    const metrics: Record<string, number> = { reward: mean(scores.total) };
    const intervals: Record<string, Estimate> = { reward: estimate([...scores.total]) };
    for (const [name, values] of Object.entries(scores.parts)) {
      metrics[`reward/${name}`] = mean(values);
      intervals[`reward/${name}`] = estimate([...values]);
    }
    metrics['answer-tokens'] = mean(answers.map(({ ids }) => ids.length));
    return { metrics, intervals, samples: kept };
  }
}

function heldOut<T>(metrics: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`validation/${name}`, value]));
}
