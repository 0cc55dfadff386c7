import { engine } from '@tensorflow/tfjs-core';
import type { OnnxBackend } from './backend.ts';
import { makePlan, type Plan } from './graph/plan.ts';
import { sameShape } from './graph/recorder.ts';
import { toModel } from './graph/to-model.ts';
import type { ElementType, GraphBuilder } from './graph/types.ts';
import type { Leaf, NodeOutput } from './graph/value.ts';
import { isArgumentLeaf } from './jit/structure.ts';
import { Result, releaseConstants, type Trace, trace } from './jit/trace.ts';
import type { JitArguments } from './jit.ts';
import { encodeElements, encodeModel, type Model, type ModelTensor } from './onnx/model.ts';
import type { TensorData } from './tensor-data.ts';

/** Protocol buffers cannot hold more. */
const MAX_MODEL_BYTES = 2 ** 31 - 1;

/**
 * Exports what `fn` computes as the bytes of an `.onnx` file with fixed shapes, which ONNX Runtime loads.
 *
 * Inputs and outputs are named after the keys under which they are nested (`inputIds`, `layer.0`); tensors that are
 * arguments or results themselves are called `input0`, `input1` ... and `output`. Variables and other tensors that
 * `fn` reads become initializers, variables under their names. Some operators are ONNX Runtime's own (domain
 * `com.microsoft`).
 *
 * @param fn a function as for {@link jit}
 * @param inputs example arguments; only their shapes and types matter
 * @throws when the onnx backend is not active, when `fn` assigns variables, or past the 2 GiB that the format allows
 */
export function exportOnnx<A extends unknown[]>(
  fn: (...args: A) => unknown,
  inputs: JitArguments<A>,
): Uint8Array<ArrayBuffer> {
  if (engine().backendName !== 'onnx') {
    throw new Error(
      `exportOnnx needs the onnx backend, found ${engine().backendName}: await useBackend('onnx')`,
    );
  }
  const backend = engine().backend as OnnxBackend;
  const name = fn.name || 'attune';
  const recorded = trace(backend, name, fn as (...args: never[]) => unknown, inputs as unknown[], false);
  try {
    const [assigned] = recorded.updates;
    if (assigned) throw new Error(`exportOnnx: ${name} assigns the variable ${assigned.variable.name}`);
    const taken = new Set<string>();
    const inputNames = namesOf(inputs as unknown[], isArgumentLeaf, (i) => `input${i}`, taken).map(
      ([path]) => path,
    );
    const results = namesOf(
      [recorded.result],
      (value) => value instanceof Result,
      () => 'output',
      taken,
    );
    const plan = makePlan(results.map(([, result]) => asOutput(recorded.recorder, result)));
    const prefix = '/';
    const leafNames = new Map(plan.leaves.map((leaf, i) => [leaf, `${prefix}l${i}`]));
    const model = toModel(plan, name, {
      prefix,
      leaf: (leaf) => leafNames.get(leaf)!,
      output: (index) => results[index]![0],
    });
    return encodeModel(bindLeaves(model, plan, recorded, leafNames, inputNames, taken));
  } finally {
    releaseConstants(backend, recorded.constants);
  }
}

/** Every output is computed by a node of its own, under its own shape. */
function asOutput(g: GraphBuilder, { value, shape }: Result): NodeOutput {
  const shaped = g.reshape(value, shape);
  return g.op('Identity', [shaped], shaped.type, shape) as NodeOutput;
}

/**
 * Turns leaves into named inputs and initializers. One tensor may be read as several leaves of different shapes: the
 * first step of the model then reshapes it.
 */
function bindLeaves(
  model: Model,
  plan: Plan,
  recorded: Trace,
  leafNames: Map<Leaf, string>,
  inputNames: readonly string[],
  taken: Set<string>,
): Model {
  const tensors = new Map<TensorData, ModelTensor>();
  const inputs = recorded.arguments.map((data, i): ModelTensor => {
    const tensor = { name: inputNames[i]!, type: data.dtype as ElementType, shape: data.value!.shape };
    tensors.set(data, tensor);
    return tensor;
  });
  const initializers = [...model.initializers];
  const reshapes: Model['nodes'][number][] = [];
  let size = 0;
  for (const leaf of plan.leaves) {
    let tensor = tensors.get(leaf.data);
    if (!tensor) {
      const name = recorded.variables.get(leaf.data)?.name ?? `constant${initializers.length}`;
      tensor = { name: unique(name, taken), type: leaf.type, shape: leaf.shape };
      tensors.set(leaf.data, tensor);
      const bytes = new Uint8Array(leaf.data.buffer!.bytes);
      size += bytes.byteLength;
      initializers.push({ ...tensor, bytes });
    }
    const output = leafNames.get(leaf)!;
    const [opType, shapeInput] = sameShape(tensor.shape, leaf.shape)
      ? ['Identity', []]
      : ['Reshape', [`${output}.shape`]];
    if (opType === 'Reshape') {
      const bytes = encodeElements(leaf.shape, 'int64');
      initializers.push({ name: `${output}.shape`, type: 'int64', shape: [leaf.shape.length], bytes });
    }
    reshapes.push({
      opType: opType as string,
      domain: '',
      inputs: [tensor.name, ...shapeInput],
      outputs: [output],
      attributes: {},
    });
  }
  if (size > MAX_MODEL_BYTES) {
    throw new Error(
      `exportOnnx: the weights take ${size} bytes, an .onnx file holds at most ${MAX_MODEL_BYTES}`,
    );
  }
  return { ...model, inputs, initializers, nodes: [...reshapes, ...model.nodes] };
}

/** The leaves of a nested value with names made of the keys on the way to them. */
function namesOf<L>(
  values: readonly unknown[],
  isLeaf: (value: unknown) => value is L,
  rootName: (index: number) => string,
  taken: Set<string>,
): [string, L][] {
  const found: [string, L][] = [];
  const visit = (value: unknown, path: readonly string[]): void => {
    if (isLeaf(value)) found.push([unique(path.join('.'), taken), value]);
    else if (Array.isArray(value)) for (const [i, item] of value.entries()) visit(item, [...path, String(i)]);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) visit(item, [...path, key]);
    }
  };
  const isNamed = (value: unknown) => !isLeaf(value) && !Array.isArray(value);
  for (const [i, value] of values.entries()) visit(value, isNamed(value) ? [] : [rootName(i)]);
  return found;
}

/** `name`, made different from all names that are taken, and taken from now on. */
function unique(name: string, taken: Set<string>): string {
  let candidate = name;
  while (taken.has(candidate)) candidate += '_';
  taken.add(candidate);
  return candidate;
}
