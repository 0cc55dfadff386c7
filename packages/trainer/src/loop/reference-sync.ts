import { jit } from '@attune/backend-onnx';
import type { CausalLM } from '@attune/models';
import * as tf from '@tensorflow/tfjs-core';
import type { Named } from './gradients.ts';

/** How a reference follows: every `steps` steps, `mixup` of the way. */
export interface SyncOptions {
  steps: number;
  mixup: number;
}

/**
 * A reference model that follows the policy: every `steps` optimizer steps
 * `reference ← mixup · policy + (1 − mixup) · reference` (TR-DPO, arXiv 2404.09656, equations 6 and 7).
 */
export class ReferenceSync {
  /** What moves, by name: all parameters, or the adapters. It belongs into checkpoints. */
  readonly parameters: Named<tf.Variable>;
  private readonly options: SyncOptions;
  private readonly move;

  constructor(policy: CausalLM, reference: CausalLM, options: SyncOptions) {
    this.options = options;
    const trained = policy.trainable();
    this.parameters = Object.fromEntries(
      Object.keys(trained).flatMap((name) =>
        reference.params[name] ? [[name, reference.params[name]]] : [],
      ),
    );
    const { mixup } = options;
    this.move = jit(
      () => {
        for (const [name, own] of Object.entries(this.parameters)) {
          own.assign(tf.add(tf.mul(trained[name]!, mixup), tf.mul(own, 1 - mixup)));
        }
      },
      { name: 'reference sync' },
    );
  }

  /** Moves the reference when it is due. @param step optimizer steps taken */
  after(step: number): void {
    if (step % this.options.steps === 0) this.move();
  }

  dispose(): void {
    this.move.dispose();
  }
}
