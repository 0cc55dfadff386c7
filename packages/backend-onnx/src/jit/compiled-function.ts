import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { OnnxBackend } from '../backend.ts';
import { byteLengthOf, type Executable } from '../graph/executable.ts';
import { makePlan } from '../graph/plan.ts';
import { Constant, type GraphValue, Leaf, NodeOutput } from '../graph/value.ts';
import type { HostBuffer } from '../memory/host-buffer.ts';
import type { TensorData } from '../tensor-data.ts';
import { Consumers } from './in-place.ts';
import { type ArgumentLeaf, mapStructure } from './structure.ts';
import { Result, releaseConstants, type Trace } from './trace.ts';

/** Where an input of the graph comes from at a call. */
type Source =
  | { kind: 'argument'; index: number }
  | { kind: 'variable'; variable: Variable }
  | { kind: 'constant'; buffer: HostBuffer };

/** Which outputs may take over the memory of an input: all that safely can, or only where an operator says so. */
type Reuse = 'all' | 'declared';

/** The buffers of one call: what it reads, and what it computes. */
interface Call {
  inputs: HostBuffer[];
  outputs: HostBuffer[];
  /** Numbers among the arguments, put into buffers of their own. */
  scalars: HostBuffer[];
}

/** A traced function for one signature: binds arguments and variables, runs, and stores the new state. */
export class CompiledFunction {
  readonly executable: Executable;
  readonly #backend: OnnxBackend;
  readonly #trace: Trace;
  readonly #sources: Source[];
  readonly #outputIndex: Map<GraphValue, number>;
  /** For each output, the input whose memory it may take over, or -1; and whether the operator declared it. */
  readonly #inPlace: { input: number; declared: boolean }[];

  constructor(backend: OnnxBackend, name: string, trace: Trace) {
    this.#backend = backend;
    this.#trace = trace;
    const values = [...resultsOf(trace.result).map((r) => r.value), ...trace.updates.map((u) => u.value)];
    const outputs = [...new Set(values)].filter((value) => value instanceof NodeOutput);
    const plan = makePlan(outputs);
    this.executable = backend.sessions.compile(plan, `jit(${name})`);
    this.#outputIndex = new Map(outputs.map((value, i) => [value, i]));
    this.#sources = plan.leaves.map((leaf) => this.#sourceOf(leaf.data));
    const consumers = new Consumers(plan);
    const passedOn = new Set(values.map((value) => (value instanceof Leaf ? value.data : undefined)));
    this.#inPlace = outputs.map((output) => {
      const old = this.#replacedBy(output);
      const safe = old && !passedOn.has(old) && consumers.mayOverwrite(old, output);
      const fits = (leaf: Leaf) => leaf.data === old && byteLengthOf(leaf) === byteLengthOf(output);
      return { input: safe ? plan.leaves.findIndex(fits) : -1, declared: output.inPlaceOf !== undefined };
    });
  }

  /** Runs on this thread. */
  run(leaves: readonly ArgumentLeaf[]): unknown {
    this.#refuseRace();
    const call = this.#prepare(leaves, 'all');
    try {
      this.executable.run(call.inputs, call.outputs);
      return this.#finish(call, leaves);
    } finally {
      this.#release(call);
    }
  }

  /**
   * Runs on another thread; the buffers that it reads stay alive meanwhile. Variables keep their old values, intact,
   * until the run is done. The backend runs one such call at a time.
   */
  async runAsync(leaves: readonly ArgumentLeaf[]): Promise<unknown> {
    const call = this.#prepare(leaves, 'declared');
    for (const buffer of call.inputs) buffer.retain();
    this.#backend.running = this;
    try {
      await this.executable.runAsync(call.inputs, call.outputs);
      return this.#finish(call, leaves);
    } finally {
      this.#backend.running = undefined;
      for (const buffer of call.inputs) this.#backend.pool.release(buffer);
      this.#release(call);
    }
  }

  dispose(): void {
    this.#backend.sessions.drop(this.executable);
    releaseConstants(this.#backend, this.#trace.constants);
  }

  /** Two calls that change variables must not overlap: one of the changes would be lost. */
  #refuseRace(): void {
    const other = this.#backend.running;
    if (!other || (this.#trace.updates.length === 0 && other.#trace.updates.length === 0)) return;
    throw new Error(
      `${this.executable.name} was called while ${other.executable.name} runs asynchronously, and at least one ` +
        'of them changes variables: await the asynchronous call first, or use runAsync for both.',
    );
  }

  #prepare(leaves: readonly ArgumentLeaf[], reuse: Reuse): Call {
    const backend = this.#backend;
    backend.flush();
    const scalars: HostBuffer[] = [];
    const owners: (TensorData | undefined)[] = [];
    const inputs = this.#sources.map((source): HostBuffer => {
      if (source.kind === 'constant') {
        owners.push(undefined);
        return source.buffer;
      }
      const leaf = source.kind === 'variable' ? source.variable : leaves[source.index]!;
      if (typeof leaf === 'number') {
        const buffer = backend.pool.acquire(4);
        new Float32Array(buffer.bytes)[0] = leaf;
        scalars.push(buffer);
        owners.push(undefined);
        return buffer;
      }
      if (leaf.isDisposed) throw new Error(`${this.executable.name}: ${describe(leaf)} is disposed`);
      const data = backend.tensorData(leaf.dataId);
      owners.push(data);
      return data.buffer!;
    });
    const outputs = this.executable.outputs.map((slot, i) => {
      const { input, declared } = this.#inPlace[i]!;
      if (input >= 0 && (declared || reuse === 'all') && ownedAlone(inputs[input]!, owners[input]))
        return inputs[input]!.retain();
      return backend.pool.acquire(slot.byteLength);
    });
    return { inputs, outputs, scalars };
  }

  /** Stores the new values of variables and wraps the results. */
  #finish(call: Call, leaves: readonly ArgumentLeaf[]): unknown {
    const backend = this.#backend;
    // Results first: one that merely passes a variable on must see its old value.
    const result = mapStructure(
      this.#trace.result,
      (value) => value instanceof Result,
      ({ value, shape }) =>
        backend.makeTensor(this.#bufferOf(value, call, leaves), [...shape], value.type as 'float32'),
    );
    const values = this.#trace.updates.map(({ value }) => this.#bufferOf(value, call, leaves));
    this.#trace.updates.forEach(({ variable }, i) => {
      backend.replaceBuffer(variable, values[i]!);
    });
    return result;
  }

  /** A new reference to the memory that holds `value` after the call. */
  #bufferOf(value: GraphValue, call: Call, leaves: readonly ArgumentLeaf[]): HostBuffer {
    if (value instanceof NodeOutput) return call.outputs[this.#outputIndex.get(value)!]!.retain();
    if (value instanceof Constant) return this.#backend.upload(value.bytes);
    const source = this.#sourceOf((value as Leaf).data);
    if (source.kind === 'constant') return source.buffer.retain();
    const tensor = source.kind === 'variable' ? source.variable : leaves[source.index]!;
    if (typeof tensor === 'number')
      return this.#backend.upload(new Uint8Array(Float32Array.of(tensor).buffer));
    return this.#backend.tensorData(tensor.dataId).buffer!.retain();
  }

  #release(call: Call): void {
    for (const buffer of call.outputs) this.#backend.pool.release(buffer);
    for (const buffer of call.scalars) this.#backend.pool.release(buffer);
  }

  /** The input whose value `output` replaces: by the operator's declaration, or as a variable's new value. */
  #replacedBy(output: NodeOutput): TensorData | undefined {
    if (output.inPlaceOf) return output.inPlaceOf.data;
    const update = this.#trace.updates.find(({ value }) => value === output);
    if (!update) return undefined;
    for (const [data, variable] of this.#trace.variables) if (variable === update.variable) return data;
    return undefined;
  }

  #sourceOf(data: TensorData): Source {
    const variable = this.#trace.variables.get(data);
    if (variable) return { kind: 'variable', variable };
    const buffer = this.#trace.constants.get(data);
    if (buffer) return { kind: 'constant', buffer };
    return { kind: 'argument', index: this.#trace.arguments.indexOf(data) };
  }
}

/** Whether nobody else could notice that these bytes change. */
function ownedAlone(buffer: HostBuffer, owner: TensorData | undefined): boolean {
  return owner !== undefined && owner.refCount === 1 && buffer.references === 1 && !buffer.escaped;
}

function resultsOf(result: unknown): Result[] {
  const found: Result[] = [];
  mapStructure(
    result,
    (value) => value instanceof Result,
    (leaf) => found.push(leaf),
  );
  return found;
}

function describe(tensor: Tensor | Variable): string {
  return 'name' in tensor ? `the variable ${tensor.name}` : `an argument of shape [${tensor.shape}]`;
}
