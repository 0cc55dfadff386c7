import type { AnyAlgorithm } from '@attune/algorithms';
import { generate } from '@attune/inference';
import type { CausalLM } from '@attune/models';
import type { Sample } from '../callbacks.ts';
import type { EncodedPrompt, TextCodec } from '../data/encode.ts';
import type { Reward } from '../rewards.ts';
import { createEvaluation } from './forward.ts';
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
  reward?: Reward;
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
    const all = Object.entries({ ...found, ...metrics }).map(([name, value]) => [`validation/${name}`, value]);
    return { metrics: Object.fromEntries(all), samples };
  }

  private async answer(step: number) {
    const { model, codec, prompts, reward, samples, maxTokens } = this.options;
    const asked = reward ? prompts : prompts.slice(0, samples);
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
    const scores = reward && answers.map(({ text }, i) => reward(text!, asked[i]!));
    const kept = answers.slice(0, samples).map(({ text }, i): Sample => {
      const sample: Sample = { step, prompt: asked[i]!.text, answer: text! };
      if (scores) sample.reward = scores[i]!.total;
      return sample;
    });
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const metrics: Record<string, number> = {};
    if (scores) {
      metrics.reward = mean(scores.map(({ total }) => total));
      for (const name of Object.keys(scores[0]!.parts)) metrics[`reward/${name}`] = mean(scores.map(({ parts }) => parts[name]!));
      metrics['answer-tokens'] = mean(answers.map(({ ids }) => ids.length));
    }
    return { metrics, samples: kept };
  }
}
