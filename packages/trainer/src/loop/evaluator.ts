import type { AnyAlgorithm } from '@attune/algorithms';
import { generate } from '@attune/inference';
import type { CausalLM } from '@attune/models';
import type { Sample } from '../callbacks.ts';
import type { EncodedPrompt, TextCodec } from '../data/encode.ts';
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
  /** Held-out prompts to answer greedily. */
  prompts: readonly EncodedPrompt[];
  /** Scores the answers. Without one only the first `samples` prompts are answered. */
  score?: ScoreAnswers;
  /** Answers to keep. */
  samples: number;
  /** Most tokens of an answer. */
  maxTokens: number;
}

/** Scores a model on held-out examples: the algorithm's loss and metrics, and the rewards of greedy answers. */
export class Evaluator {
  private readonly options: EvaluatorOptions;
  private readonly loss;

  constructor(options: EvaluatorOptions) {
    this.options = options;
    this.loss = createEvaluation(options.model, options.algorithm, options.options);
  }

  /** Metrics by name, each beginning with `validation/`, and some answers. */
  async run(step: number): Promise<{ metrics: Record<string, number>; samples: Sample[] }> {
    const { batches, algorithm } = this.options;
    const found = batches.length > 0 ? await this.loss(batches) : {};
    if (algorithm.name === 'sft' && found.loss !== undefined) found.perplexity = Math.exp(found.loss);
    const { metrics, samples } = await this.answer(step);
    const all = Object.entries({ ...found, ...metrics }).map(([name, value]) => [
      `validation/${name}`,
      value,
    ]);
    return { metrics: Object.fromEntries(all), samples };
  }

  private async answer(step: number) {
    const { model, codec, prompts, score, samples, maxTokens } = this.options;
    const asked = score ? prompts : prompts.slice(0, samples);
    if (asked.length === 0) return { metrics: {}, samples: [] };
    const answers = await generate(
      model,
      asked.map(({ ids }) => ids),
      {
        temperature: 0,
        maxNewTokens: maxTokens,
        stopIds: codec.eosId === undefined ? [] : [codec.eosId],
        tokenizer: codec.tokenizer,
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
    if (!scores) return { metrics: {}, samples: kept };
    const metrics: Record<string, number> = {
      reward: mean(scores.total),
      'answer-tokens': mean(answers.map(({ ids }) => ids.length)),
    };
    for (const [name, values] of Object.entries(scores.parts)) metrics[`reward/${name}`] = mean(values);
    return { metrics, samples: kept };
  }
}
