import { availableParallelism } from 'node:os';
import type { Slot } from '../graph/executable.ts';
import type { Instructions } from '../graph/types.ts';
import { DATA_TYPE, encodeModel } from '../onnx/model.ts';
import { addressOf, loadOrt, type OrtApi, type Pointer } from './api.ts';
import {
  type ArenaInfo,
  arenaInfo,
  countSession,
  ensureEnvironment,
  openEnvironment,
} from './environment.ts';
import { registerNativeKernels } from './native-kernels.ts';
import { appendProvider, type ExecutionProvider } from './providers.ts';
import type { StringTable } from './strings.ts';

const SEQUENTIAL = 0;
const ENABLE_ALL = 99;

/** How ONNX Runtime runs graphs. */
export interface RuntimeOptions {
  /** Threads that compute one operator together; all cores by default. */
  threads?: number;
  /** Which execution provider runs the graph; `cpu` by default. */
  provider?: ExecutionProvider;
  /** Options of the execution provider, as in ONNX Runtime's documentation. */
  providerOptions?: Record<string, string>;
  /** Whether to use our own operators, where they exist for the platform; true by default. */
  native?: boolean;
  /** Names of graph optimizers to leave out, as ONNX Runtime spells them. */
  disabledOptimizers?: readonly string[];
  /** Writes ONNX Runtime's profile of every session to files with this prefix. */
  profile?: string;
}

/** The process-wide environment and what sessions share: threads, options, the description of host memory. */
export class OrtRuntime {
  readonly ort: OrtApi;
  readonly threads: number;
  readonly hostMemory: Pointer;
  readonly sessionOptions: Pointer;
  readonly provider: ExecutionProvider;
  /** The instruction set of our own operators, where there are any. */
  readonly native: Instructions | undefined;
  #env: Pointer;

  /** @throws with ONNX Runtime's own words when the library or the execution provider cannot be used. */
  constructor(options: RuntimeOptions = {}) {
    this.ort = loadOrt();
    this.threads = options.threads ?? availableParallelism();
    this.provider = options.provider ?? 'cpu';
    ensureEnvironment(this.ort, this.threads);
    this.sessionOptions = this.#createSessionOptions(options);
    this.native =
      this.provider === 'cpu' && options.native !== false
        ? registerNativeKernels(this.ort, this.sessionOptions)
        : undefined;
    this.hostMemory = this.ort.create((out) => this.ort.CreateCpuMemoryInfo(0, 0, out));
    this.#env = openEnvironment(this.ort, this.threads);
  }

  /** Compiles a serialized model. */
  createSession(model: Uint8Array, name: string): Pointer {
    const { ort } = this;
    try {
      const session = ort.create((out) =>
        ort.CreateSessionFromArray(this.#env, model, model.byteLength, this.sessionOptions, out),
      );
      countSession(1);
      return session;
    } catch (error) {
      throw new Error(`${name}: the recorded graph does not compile. ${(error as Error).message}`);
    }
  }

  releaseSession(session: Pointer): void {
    this.ort.ReleaseSession(session);
    countSession(-1);
  }

  /** ONNX Runtime's tensor over existing memory, which must outlive it. */
  createTensor(bytes: ArrayBuffer, slot: Slot): Pointer {
    const { ort } = this;
    const data = new Uint8Array(bytes);
    return ort.create((out) =>
      ort.CreateTensorWithDataAsOrtValue(
        this.hostMemory,
        data,
        slot.byteLength,
        slot.dims,
        slot.shape.length,
        DATA_TYPE[slot.type],
        out,
      ),
    );
  }

  /** Runs a session; `inputs` and `outputs` hold the addresses of tensors. Blocks until done. */
  run(
    session: Pointer,
    inputNames: StringTable,
    inputs: BigUint64Array,
    outputNames: StringTable,
    outputs: BigUint64Array,
  ): void {
    this.ort.check(
      this.ort.Run(
        session,
        null,
        inputNames.pointers,
        inputs,
        inputNames.length,
        outputNames.pointers,
        outputNames.length,
        outputs,
      ),
    );
  }

  /** As `run`, on a thread of its own. */
  runAsync(
    session: Pointer,
    inputNames: StringTable,
    inputs: BigUint64Array,
    outputNames: StringTable,
    outputs: BigUint64Array,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      // C sees only addresses: this list keeps the arrays behind them alive until the run is done.
      const held: unknown[] = [inputNames, inputs, outputNames, outputs];
      const done = (error: Error | null, status: Pointer | null) => {
        held.length = 0;
        try {
          if (error) throw error;
          this.ort.check(status);
          resolve();
        } catch (failure) {
          reject(failure);
        }
      };
      this.ort.Run.async(
        session,
        null,
        addressOf(inputNames.pointers),
        addressOf(inputs),
        inputNames.length,
        addressOf(outputNames.pointers),
        outputNames.length,
        addressOf(outputs),
        done,
      );
    });
  }

  /** What the arena of intermediate results holds. */
  arenaInfo(): ArenaInfo {
    const x = { name: 'x', type: 'float32', shape: [1] } as const;
    const y = { ...x, name: 'y' };
    const node = { opType: 'Identity', domain: '', inputs: ['x'], outputs: ['y'], attributes: {} };
    const model = encodeModel({ name: 'probe', nodes: [node], inputs: [x], outputs: [y], initializers: [] });
    const session = this.createSession(model, 'memoryInfo');
    const info = arenaInfo(this.ort, session);
    this.releaseSession(session);
    return info;
  }

  #createSessionOptions(options: RuntimeOptions): Pointer {
    const { ort } = this;
    const handle = ort.create((out) => ort.CreateSessionOptions(out));
    const set = (key: string, value: string) => ort.check(ort.AddSessionConfigEntry(handle, key, value));
    ort.check(ort.SetSessionExecutionMode(handle, SEQUENTIAL));
    ort.check(ort.SetSessionGraphOptimizationLevel(handle, ENABLE_ALL));
    ort.check(ort.DisablePerSessionThreads(handle));
    // The memory pattern keeps one block per session for the sum of all its tensors; the arena alone needs less.
    ort.check(ort.DisableMemPattern(handle));
    set('session.use_env_allocators', '1');
    if (options.disabledOptimizers?.length) {
      set('optimization.disable_specified_optimizers', options.disabledOptimizers.join(';'));
    }
    if (options.profile !== undefined) ort.check(ort.EnableProfiling(handle, options.profile));
    appendProvider(ort, handle, this.provider, options.providerOptions ?? {});
    return handle;
  }
}
