import { engine, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import type { OnnxBackend } from '../backend.ts';
import { Recorder } from '../graph/recorder.ts';
import type { ElementType, Instructions } from '../graph/types.ts';
import type { GraphValue } from '../graph/value.ts';
import type { HostBuffer } from '../memory/host-buffer.ts';
import type { TensorData } from '../tensor-data.ts';
import { type ArgumentLeaf, isArgumentLeaf, isTensor, mapStructure } from './structure.ts';

/** A tensor among a traced function's results. */
export class Result {
  readonly value: GraphValue;
  readonly shape: number[];

  constructor(value: GraphValue, shape: number[]) {
    this.value = value;
    this.shape = shape;
  }
}

/** A variable that the function assigned, and its new value. */
export interface StateUpdate {
  variable: Variable;
  value: GraphValue;
}

/** Everything that one run of a function recorded. */
export interface Trace {
  recorder: Recorder;
  /** The function's result with a `Result` in place of every tensor. */
  result: unknown;
  updates: StateUpdate[];
  /** The placeholders' records, in the order of the argument leaves. */
  arguments: TensorData[];
  /** Variables by the record that held their value while tracing. */
  variables: Map<TensorData, Variable>;
  /** Memory of everything else that it read: tensors from outside, arrays that it made itself. */
  constants: Map<TensorData, HostBuffer>;
}

/**
 * Runs `fn` once on placeholders and records what it does. Variables it assigns get their old values back.
 * @param native the instruction set of our own operators, where they may be used
 * @throws when `fn` reads a value, creates a variable or is asynchronous
 */
export function trace(
  backend: OnnxBackend,
  name: string,
  fn: (...args: never[]) => unknown,
  args: readonly unknown[],
  native: Instructions | false = backend.runtime.native ?? false,
): Trace {
  backend.flush();
  const constants = new Map<TensorData, HostBuffer>();
  const placeholders: TensorData[] = [];
  const recorder: Recorder = new Recorder(`jit(${name})`, {
    native,
    retain(data) {
      if (data.buffer && !variables.has(data) && !constants.has(data))
        constants.set(data, data.buffer.retain());
    },
    scalar: (value, type) => backend.scalar(value, type),
  });
  const known = { ...engine().state.registeredVariables };
  const variables = new Map<TensorData, Variable>();
  const before = new Map<Variable, object>();
  for (const variable of Object.values(known)) {
    if (variable.dtype === 'string') continue;
    ownData(backend, variable);
    before.set(variable, variable.dataId);
    backend.incRef(variable.dataId);
    variables.set(backend.tensorData(variable.dataId), variable);
  }

  const outer = backend.recorder;
  backend.recorder = recorder;
  engine().startScope(name);
  try {
    const inputs = args.map((arg) =>
      mapStructure(arg, isArgumentLeaf, (leaf) => makePlaceholder(backend, leaf, placeholders)),
    );
    const returned = fn(...(inputs as never[]));
    if (returned instanceof Promise) throw new Error(`jit(${name}): the function must not be asynchronous`);
    refuseNewVariables(name, known);
    const edgeOf = (tensor: Tensor): GraphValue => {
      const data = backend.tensorData(tensor.dataId);
      return data.value ?? recorder.valueOf(data, tensor);
    };
    const result = mapStructure(
      returned,
      isTensor,
      (tensor) => new Result(edgeOf(tensor), [...tensor.shape]),
    );
    const updates = [...before]
      .filter(([variable, dataId]) => variable.dataId !== dataId)
      .map(([variable]) => ({ variable, value: edgeOf(variable) }));
    return { recorder, result, updates, arguments: placeholders, variables, constants };
  } catch (error) {
    releaseConstants(backend, constants);
    throw error;
  } finally {
    for (const [variable, dataId] of before) {
      restore(variable, dataId);
      backend.disposeData(dataId);
    }
    engine().endScope();
    recorder.reset();
    backend.recorder = outer;
  }
}

/** Lets go of the memory that a trace keeps alive. */
export function releaseConstants(backend: OnnxBackend, constants: Trace['constants']): void {
  for (const buffer of constants.values()) backend.pool.release(buffer);
}

/**
 * Gives a variable that shares its data with clones a record of its own over the same memory, so that while tracing
 * a record says which variable is meant, and a clone made earlier stays what it was.
 */
function ownData(backend: OnnxBackend, variable: Variable): void {
  const data = backend.tensorData(variable.dataId);
  if (data.refCount > 1) backend.replaceBuffer(variable, data.buffer!.retain());
}

function makePlaceholder(backend: OnnxBackend, leaf: ArgumentLeaf, placeholders: TensorData[]): Tensor {
  const [dtype, shape] = typeof leaf === 'number' ? (['float32', []] as const) : [leaf.dtype, leaf.shape];
  const data: TensorData = { dtype, refCount: 1 };
  placeholders.push(data);
  data.value = backend.recorder.leaf(data, dtype as ElementType, shape);
  backend.recorder.pending.add(data);
  return engine().makeTensorFromTensorInfo(
    { dataId: backend.addData(data), shape: [...shape], dtype },
    backend,
  );
}

/** Undoes what `variable.assign` did during the trace. */
function restore(variable: Variable, dataId: object): void {
  if (variable.dataId === dataId || variable.isDisposed) return;
  engine().disposeTensor(variable);
  variable.dataId = dataId;
  engine().incRef(variable, null as never);
}

function refuseNewVariables(name: string, known: Record<string, Variable>): void {
  const created = Object.values(engine().state.registeredVariables).filter((v) => known[v.name] !== v);
  if (created.length === 0) return;
  const names = created.map((variable) => variable.name).join(', ');
  for (const variable of created) variable.dispose();
  throw new Error(
    `jit(${name}): the function created the variable ${names}. Create variables (optimizer state too) before it ` +
      'is first called.',
  );
}
