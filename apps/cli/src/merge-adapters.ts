import { type MergeMethod, mergeDeltas } from '@attune/algorithms';
import { CausalLM, loadAdapter, mergeLora } from '@attune/models';
import { tensor } from '@tensorflow/tfjs-core';

/**
 * A model with the changes of one or several LoRA adapters in its weights (of several: PAFT, arXiv 2406.17923).
 * @param dir the model that all adapters were trained on
 * @param method how changes of the same weights become one; a single adapter's are added as they are
 */
export function withAdapters(dir: string, adapters: readonly string[], method: MergeMethod): CausalLM {
  const model = CausalLM.load(dir);
  const [first] = adapters;
  if (adapters.length === 1) {
    loadAdapter(model, first!);
    mergeLora(model);
    return model;
  }
  const deltas = adapters.map((adapter) => changesOf(dir, adapter, model));
  for (const [name, delta] of Object.entries(mergeDeltas(deltas, { method }))) {
    const own = model.params[name]!;
    const values = own.dataSync<'float32'>().map((value, i) => value + delta[i]!);
    own.assign(tensor(values, own.shape));
  }
  return model;
}

/** What an adapter changes, by parameter; parameters that it leaves alone are left out. */
function changesOf(dir: string, adapter: string, base: CausalLM): Record<string, Float32Array> {
  const changed = CausalLM.load(dir);
  loadAdapter(changed, adapter);
  mergeLora(changed);
  const changes: Record<string, Float32Array> = {};
  for (const [name, own] of Object.entries(base.params)) {
    const before = own.dataSync<'float32'>();
    const delta = changed.params[name]!.dataSync<'float32'>().map((value, i) => value - before[i]!);
    if (delta.some((value) => value !== 0)) changes[name] = delta;
  }
  changed.dispose();
  return changes;
}
