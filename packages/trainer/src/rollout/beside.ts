import { Sampler } from '@attune/data';
import type { EncodedExample } from '../data/codec.ts';
import { type BatchOptions, makeMicroBatch } from '../data/micro-batches.ts';
import type { MicroBatch } from '../loop/micro-batch.ts';

/** One kind of other data, and how it becomes batches. */
export interface BesideData {
  examples: readonly EncodedExample[];
  layout: BatchOptions;
}

/**
 * Other data that a rollout's loss looks at: texts to imitate (PPO-ptx), preferences (UPO). Every step takes the next
 * `size` examples of each kind and spreads them evenly over its micro-batches. What a step takes is a pure function of
 * the seed and the step.
 */
export class BesideSource {
  private readonly data: { supervised?: BesideData; pairwise?: BesideData };
  private readonly size: number;
  private readonly samplers: Partial<Record<'supervised' | 'pairwise', Sampler>> = {};

  constructor(data: { supervised?: BesideData; pairwise?: BesideData }, size: number, seed: number) {
    this.data = data;
    this.size = size;
    for (const kind of ['supervised', 'pairwise'] as const) {
      const examples = data[kind]?.examples;
      if (examples) this.samplers[kind] = new Sampler({ length: examples.length, batchSize: size, seed });
    }
  }

  /** The micro-batches with their share of the other data; each gets at least one example. */
  attach(batches: readonly MicroBatch[], step: number): MicroBatch[] {
    const size = Math.max(this.size, batches.length);
    return batches.map((batch, i) => {
      const from = Math.floor((i * size) / batches.length);
      const to = Math.floor(((i + 1) * size) / batches.length);
      const beside: NonNullable<MicroBatch['beside']> = {};
      for (const kind of ['supervised', 'pairwise'] as const) {
        const sampler = this.samplers[kind];
        if (!sampler) continue;
        const { examples, layout } = this.data[kind]!;
        const chosen = sampler
          .at(step)
          .concat(sampler.at(step + 1))
          .slice(from, to);
        beside[kind] = makeMicroBatch(
          chosen.map((index) => examples[index]!),
          layout,
        );
      }
      return { ...batch, beside };
    });
  }
}
