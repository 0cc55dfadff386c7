import type { Model, ModelNode, ModelTensor } from '../onnx/model.ts';
import type { Plan } from './plan.ts';
import type { GraphValue, Leaf } from './value.ts';

/** Names for the inputs and outputs of a model. */
export interface ModelNames {
  /** Begins the names of everything inside the model, apart from the names given here. */
  prefix: string;
  leaf(leaf: Leaf): string;
  output(index: number): string;
}

/**
 * The ONNX model of a plan, with all leaves as inputs.
 *
 * Names are short by default, since ONNX Runtime compares and copies them a lot: `l0` is the first leaf, `c0` the
 * first constant, `v0` the first computed value.
 */
export function toModel(plan: Plan, name: string, chosen?: ModelNames): Model {
  const names = new Map<GraphValue, string>();
  const prefix = chosen?.prefix ?? '';
  for (const [i, leaf] of plan.leaves.entries()) names.set(leaf, chosen?.leaf(leaf) ?? `l${i}`);
  for (const [i, constant] of plan.constants.entries()) names.set(constant, `${prefix}c${i}`);
  let count = 0;
  for (const node of plan.nodes) {
    for (const output of node.outputs) if (output) names.set(output, `${prefix}v${count++}`);
  }
  if (chosen) for (const [i, output] of plan.outputs.entries()) names.set(output, chosen.output(i));
  const nameOf = (value: GraphValue | null) => (value ? names.get(value)! : '');
  const describe = (value: GraphValue): ModelTensor => ({
    name: nameOf(value),
    type: value.type,
    shape: value.shape,
  });
  return {
    name,
    nodes: plan.nodes.map(
      (node): ModelNode => ({
        opType: node.opType,
        domain: node.domain,
        inputs: node.inputs.map(nameOf),
        outputs: node.outputs.map(nameOf),
        attributes: node.attributes,
      }),
    ),
    inputs: plan.leaves.map(describe),
    outputs: plan.outputs.map(describe),
    initializers: plan.constants.map((constant) => ({ ...describe(constant), bytes: constant.bytes })),
  };
}
