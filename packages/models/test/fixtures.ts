import { fileURLToPath } from 'node:url';
import { type Tensor, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { CausalLM } from '../src/causal-lm.ts';
import { withSafetensors } from '../src/safetensors/reader.ts';

/** The families that have a fixture; see tooling/reference/models. */
export const FAMILIES = ['llama', 'qwen2', 'qwen3'] as const;

/** Folder of a fixture. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../src/fixtures/${name}`, import.meta.url));
}

/** What the reference computed for a family's padded batch. */
export interface Expected {
  inputIds: Tensor2D;
  labels: Tensor2D;
  /** 1 where a token is no padding. */
  attentionMask: Uint8Array;
  /** `[batch, seq, vocab]`, flat. */
  logits: Float32Array;
  loss: number;
  /** By parameter name, flat. */
  gradients: Record<string, Float32Array>;
}

/** Reads a family's expected.safetensors. */
export function readExpected(family: string): Expected {
  return withSafetensors(`${fixture(family)}/expected.safetensors`, (file) => {
    const [batch, seq] = file.entry('input_ids').shape as [number, number];
    const ints = (name: string) =>
      tensor2d(Int32Array.from(file.read(name) as BigInt64Array, Number), [batch, seq], 'int32');
    const names = [...file.tensors.keys()].filter((name) => name.startsWith('grad.'));
    return {
      inputIds: ints('input_ids'),
      labels: ints('labels'),
      attentionMask: file.read('attention_mask') as Uint8Array,
      logits: file.readFloat32('logits'),
      loss: file.readFloat32('loss')[0]!,
      gradients: Object.fromEntries(names.map((name) => [name.slice(5), file.readFloat32(name)])),
    };
  });
}

/** Largest absolute difference; the lengths must agree. */
export function maxDifference(a: ArrayLike<number> | Tensor, b: ArrayLike<number> | Tensor): number {
  const [x, y] = [values(a), values(b)];
  if (x.length !== y.length) throw new Error(`lengths differ: ${x.length} and ${y.length}`);
  let most = 0;
  for (let i = 0; i < x.length; i++) {
    const difference = Math.abs(x[i]! - y[i]!);
    if (Number.isNaN(difference)) return Number.NaN;
    most = Math.max(most, difference);
  }
  return most;
}

function values(a: ArrayLike<number> | Tensor): ArrayLike<number> {
  return 'dataSync' in a ? a.dataSync() : a;
}

/** A fixture's model. */
export function loadFixture(family: string): CausalLM {
  return CausalLM.load(fixture(family));
}
