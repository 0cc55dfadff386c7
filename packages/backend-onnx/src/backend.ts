import {
  type BackendValues,
  DataStorage,
  type DataType,
  engine,
  KernelBackend,
  type Tensor,
  type TensorInfo,
  type Variable,
} from '@tensorflow/tfjs-core';
import type { Executable } from './graph/executable.ts';
import { makePlan } from './graph/plan.ts';
import { Recorder } from './graph/recorder.ts';
import { SessionCache } from './graph/session-cache.ts';
import type { ElementType, Lowering, Value } from './graph/types.ts';
import { Constant, type GraphValue, Leaf, NodeOutput } from './graph/value.ts';
import { computeOnHost, type HostInputs, type HostTensor, needsHost } from './host.ts';
import { CompiledFunction } from './jit/compiled-function.ts';
import { trace } from './jit/trace.ts';
import { BufferPool, ELEMENT_BYTES, type HostArray, type HostBuffer } from './memory/host-buffer.ts';
import { OrtRuntime, type RuntimeOptions } from './ort/runtime.ts';
import type { TensorData } from './tensor-data.ts';

/** Options of the backend; those of the runtime below it among them. */
export interface OnnxBackendOptions extends RuntimeOptions {
  /** Compiled graphs are kept until they take this many bytes; 512 MiB by default. */
  sessionCacheBytes?: number;
  /** The pending graph is run once it has this many nodes; 8,192 by default. */
  maxPendingNodes?: number;
}

/**
 * A TensorFlow.js backend whose kernels record instead of computing.
 *
 * Reading a value compiles everything that is pending into one ONNX model, runs it, and leaves every live tensor
 * computed, so that nothing is ever computed twice.
 */
export class OnnxBackend extends KernelBackend {
  readonly options: OnnxBackendOptions;
  readonly runtime: OrtRuntime;
  readonly pool: BufferPool;
  readonly sessions: SessionCache;
  /** Where kernels record at present: the lazy recorder, or the one of the function being traced. */
  recorder: Recorder;
  /** The compiled function that runs on another thread at present. */
  running: CompiledFunction | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #queued = 0;
  readonly #lazy: Recorder;
  readonly #data: DataStorage<TensorData>;
  readonly #maxPendingNodes: number;
  /** Buffers that the pending graph reads; released once it has run. */
  #retained: HostBuffer[] = [];

  constructor(options: OnnxBackendOptions = {}) {
    super();
    this.options = options;
    this.runtime = new OrtRuntime(options);
    this.pool = new BufferPool((value) => this.runtime.ort.ReleaseValue(value));
    this.sessions = new SessionCache(this.runtime, options.sessionCacheBytes ?? 512 * 2 ** 20);
    this.#maxPendingNodes = options.maxPendingNodes ?? 8192;
    this.#data = new DataStorage(this, engine());
    this.#lazy = new Recorder('the lazy graph', {
      native: this.runtime.native ?? false,
      retain: (data) => this.#retained.push(data.buffer!.retain()),
      scalar: (value, type) => this.scalar(value, type),
    });
    this.recorder = this.#lazy;
  }

  /** Runs a kernel's lowering on recorded inputs and returns the pending tensors it makes. */
  record(
    kernelName: string,
    lowering: Lowering,
    inputs: Record<string, TensorInfo>,
    attrs: object,
  ): TensorInfo | TensorInfo[] {
    if (needsHost(inputs, attrs)) return this.runOnHost(kernelName, inputs, attrs);
    const { recorder } = this;
    const values: Record<string, Value> = {};
    for (const name in inputs) {
      const info = inputs[name];
      if (info) values[name] = recorder.valueOf(this.#numeric(info, kernelName), info);
    }
    const result = lowering({
      g: recorder,
      inputs: values,
      attrs: attrs as never,
      infos: inputs,
      known: (name) => this.#known(inputs[name]!),
    });
    const infos = Array.isArray(result) ? result.map((v) => this.#defer(v)) : this.#defer(result);
    if (recorder === this.#lazy && recorder.nodeCount >= this.#maxPendingNodes) this.flush();
    return infos;
  }

  /** Runs a kernel of TensorFlow.js's `cpu` backend on host copies of the inputs. */
  runOnHost(kernelName: string, inputs: HostInputs, attrs: object): TensorInfo | TensorInfo[] {
    const outputs = computeOnHost(kernelName, inputs, ({ dataId }) => this.readSync(dataId), attrs);
    const upload = ({ values, shape, dtype }: HostTensor): TensorInfo => ({
      dataId: this.write(values, shape, dtype),
      shape,
      dtype,
    });
    return Array.isArray(outputs) ? outputs.map(upload) : upload(outputs);
  }

  /** Computes every live pending tensor. */
  flush(): void {
    const recorder = this.#lazy;
    const waiting = [...recorder.pending];
    try {
      if (waiting.length > 0) this.#materialise(waiting);
    } catch (error) {
      for (const data of waiting) {
        data.value = undefined;
        data.failure = error as Error;
      }
      throw error;
    } finally {
      recorder.reset();
      for (const buffer of this.#retained) this.pool.release(buffer);
      this.#retained = [];
    }
  }

  #materialise(waiting: TensorData[]): void {
    const outputs = [...new Set(waiting.map((data) => data.value!))];
    const buffers = new Map<GraphValue, HostBuffer>();
    const computed = outputs.filter((value) => value instanceof NodeOutput);
    if (computed.length > 0) {
      const plan = makePlan(computed);
      const executable = this.sessions.get(plan, 'lazy graph');
      const results = this.acquireOutputs(executable);
      executable.run(
        plan.leaves.map((leaf) => leaf.data.buffer!),
        results,
      );
      for (const [i, value] of computed.entries()) buffers.set(value, results[i]!);
    }
    for (const value of outputs) {
      if (value instanceof Leaf) buffers.set(value, value.data.buffer!.retain());
      if (value instanceof Constant) buffers.set(value, this.upload(value.bytes));
    }
    for (const data of waiting) {
      data.buffer = buffers.get(data.value!)!.retain();
      data.value = undefined;
    }
    for (const buffer of buffers.values()) this.pool.release(buffer);
  }

  /** Whether kernels are recorded for a function that `jit` traces. */
  get tracing(): boolean {
    return this.recorder !== this.#lazy;
  }

  /** Traces `fn` on arguments like these and compiles what it did. */
  compile(name: string, fn: (...args: never[]) => unknown, args: readonly unknown[]): CompiledFunction {
    return new CompiledFunction(this, name, trace(this, name, fn, args));
  }

  /** Runs asynchronous calls one after the other: they share the same threads and variables. */
  enqueue<R>(call: () => Promise<R>): Promise<R> {
    const result = this.#queued++ === 0 ? call() : this.#queue.then(call);
    const settled = () => {
      this.#queued--;
    };
    this.#queue = result.then(settled, settled);
    return result;
  }

  /** Fresh buffers for the outputs of a compiled graph. */
  acquireOutputs(executable: Executable): HostBuffer[] {
    return executable.outputs.map((slot) => this.pool.acquire(slot.byteLength));
  }

  /** The record behind a tensor. */
  tensorData(dataId: object): TensorData {
    return this.#data.get(dataId);
  }

  /** Makes `buffer`, whose reference it takes over, the value of a variable; clones of the variable keep theirs. */
  replaceBuffer(variable: Variable, buffer: HostBuffer): void {
    const data = this.#data.get(variable.dataId);
    if (data.refCount === 1 && data.buffer) {
      this.pool.release(data.buffer);
      data.buffer = buffer;
      return;
    }
    const tensor = this.makeTensor(buffer, variable.shape, variable.dtype);
    variable.assign(tensor as never);
    tensor.dispose();
  }

  /** A computed tensor over `buffer`, whose reference it takes over. */
  makeTensor(buffer: HostBuffer, shape: number[], dtype: DataType): Tensor {
    const dataId = this.addData({ dtype, refCount: 1, buffer });
    return engine().makeTensorFromTensorInfo({ dataId, shape, dtype }, this);
  }

  /** Registers a tensor's record and returns its id. */
  addData(data: TensorData): object {
    const dataId = {};
    this.#data.set(dataId, data);
    return dataId;
  }

  override write(values: BackendValues, shape: number[], dtype: DataType): object {
    return this.addData(this.#hostData(values, shape, dtype, 1));
  }

  override move(
    dataId: object,
    values: BackendValues,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): void {
    this.#data.set(dataId, this.#hostData(values, shape, dtype, refCount));
  }

  override readSync(dataId: object): BackendValues {
    const data = this.#data.get(dataId);
    if (data.failure) throw new Error(`This tensor was never computed: ${data.failure.message}`);
    if (data.host) return data.host;
    if (data.value) this.#compute(data);
    data.buffer!.escaped = true;
    return data.buffer!.view(data.dtype);
  }

  /** Copies values into memory of the caller, whose tensor's own memory can then be used again. See `readInto`. */
  readInto(dataId: object, target: HostArray): void {
    const data = this.#data.get(dataId);
    if (data.host || data.failure) {
      target.set(this.readSync(dataId) as HostArray);
      return;
    }
    if (data.value) this.#compute(data);
    target.set(data.buffer!.view(data.dtype));
  }

  override async read(dataId: object): Promise<BackendValues> {
    return this.readSync(dataId);
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.#data.has(dataId)) return true;
    const data = this.#data.get(dataId);
    if (--data.refCount > 0 && !force) return false;
    this.#data.delete(dataId);
    if (data.buffer) this.pool.release(data.buffer);
    this.recorder.pending.delete(data);
    this.#lazy.pending.delete(data);
    return true;
  }

  override incRef(dataId: object): void {
    this.#data.get(dataId).refCount++;
  }

  override refCount(dataId: object): number {
    return this.#data.has(dataId) ? this.#data.get(dataId).refCount : 0;
  }

  override numDataIds(): number {
    return this.#data.numDataIds();
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override timerAvailable(): boolean {
    return true;
  }

  override async time(run: () => void): Promise<{ kernelMs: number }> {
    this.flush();
    const start = performance.now();
    run();
    this.flush();
    return { kernelMs: performance.now() - start };
  }

  /** Runs what is pending and releases every session; those that are needed again are compiled again. */
  closeSessions(): void {
    this.flush();
    this.sessions.clear();
  }

  /** Runs what is pending and gives all memory back that no tensor needs. */
  override dispose(): void {
    this.closeSessions();
    this.pool.clear();
  }

  #compute(data: TensorData): void {
    if (this.#lazy.pending.has(data)) {
      this.flush();
      return;
    }
    throw new Error(
      this.recorder === this.#lazy
        ? 'This tensor was kept from inside a function that jit traced, where nothing was computed: return it instead.'
        : `${this.recorder.name}: a value was read while the function was traced, when nothing is computed yet. ` +
            'Return the tensor and read it outside; branch with tf.where instead of if.',
    );
  }

  #defer(value: Value): TensorInfo {
    const data: TensorData = { dtype: value.type as DataType, refCount: 1, value: value as GraphValue };
    this.recorder.pending.add(data);
    return { dataId: this.addData(data), shape: [...value.shape], dtype: data.dtype };
  }

  #hostData(values: BackendValues, shape: number[], dtype: DataType, refCount: number): TensorData {
    if (dtype === 'string' || dtype === 'complex64') return { dtype, refCount, host: values };
    const size = shape.reduce((a, b) => a * b, 1);
    const buffer = this.pool.acquire(size * ELEMENT_BYTES[dtype as ElementType]);
    const view = buffer.view(dtype);
    if (values) view.set(values as Float32Array);
    else view.fill(0);
    const data: TensorData = { dtype, refCount, buffer };
    if (this.recorder !== this.#lazy) data.constantOf = this.recorder;
    return data;
  }

  /** Copies bytes into a buffer. */
  upload(bytes: Uint8Array): HostBuffer {
    const buffer = this.pool.acquire(bytes.byteLength);
    new Uint8Array(buffer.bytes).set(bytes);
    return buffer;
  }

  /** A number in a buffer whose only reference is the one that the graph's input takes. */
  scalar(value: number, type: ElementType): TensorData {
    const data = this.#hostData(Float32Array.of(value), [], type as DataType, 1);
    data.buffer!.references = 0;
    return data;
  }

  #known({ dataId }: TensorInfo): BackendValues | undefined {
    const { buffer, dtype } = this.#data.get(dataId);
    return this.recorder === this.#lazy ? buffer?.view(dtype) : undefined;
  }

  #numeric(info: TensorInfo, kernelName: string): TensorData {
    const data = this.#data.get(info.dataId);
    if (data.failure) throw new Error(`${kernelName}: an input was never computed: ${data.failure.message}`);
    if (data.host)
      throw new Error(`${kernelName}: the onnx backend cannot compute with ${data.dtype} tensors`);
    return data;
  }
}
