import { linear } from '@attune/backend-onnx/ops';
import { squeeze, type Tensor2D, type Tensor3D, tensor, tidy, variable } from '@tensorflow/tfjs-core';
import type { CausalLM } from './causal-lm.ts';
import { normal } from './init.ts';
import { need, type Params } from './parameters.ts';

/** Name of a scalar head's matrix, `[1, d]`: that of `AutoModelForSequenceClassification` with one label. */
export const SCALAR_HEAD = 'score.weight';

/**
 * Puts a scalar head on a model, in place: what makes a reward model or a critic of it. Its weights are drawn from a
 * normal distribution of width 1 / (d + 1) (Stiennon et al. 2020, "Learning to summarize from human feedback",
 * appendix B.1). It trains together with the model, and beside LoRA's matrices where these are applied.
 * A model that has a head keeps it.
 */
export function addScalarHead(model: CausalLM, { seed }: { seed: number }): void {
  if (hasScalarHead(model)) return;
  const d = model.config.hidden_size;
  const values = normal(d, 1 / (d + 1), seed, SCALAR_HEAD);
  model.params[SCALAR_HEAD] = tidy(() => variable(tensor(values, [1, d])));
}

/** Takes the scalar head off again, where there is one. */
export function removeScalarHead(model: CausalLM): void {
  model.params[SCALAR_HEAD]?.dispose();
  delete model.params[SCALAR_HEAD];
}

/** Whether a model has a scalar head. */
export function hasScalarHead({ params }: Pick<CausalLM, 'params'>): boolean {
  return SCALAR_HEAD in params;
}

/**
 * What the head says at each token, having read it: `[batch, seq]`.
 *
 * @param hidden `[batch, seq, d]`, after the last norm
 */
export function scalarHead(params: Params, hidden: Tensor3D): Tensor2D {
  return tidy(() => squeeze(linear(hidden, need(params, SCALAR_HEAD)), [2]));
}
