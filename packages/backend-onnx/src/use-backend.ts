import { getBackend, ready, setBackend } from '@tensorflow/tfjs-core';
import type { OnnxBackendOptions } from './backend.ts';
// TensorFlow.js's Node bundle registers no gradients; every backend needs them.
import './gradients/index.ts';

/** Backends that `useBackend` knows. */
export type BackendName = 'onnx' | 'tensorflow' | 'wasm' | 'cpu';

/** Options of {@link useBackend}; all but `quiet` concern the `onnx` backend. */
export interface BackendOptions extends OnnxBackendOptions {
  /** Do not say on stderr which backend was chosen. */
  quiet?: boolean;
}

/** What {@link useBackend} chose. */
export interface BackendInfo {
  name: BackendName;
  /** One line for people, for example `onnx: ONNX Runtime 1.30.0, cpu, 2 threads`. */
  description: string;
}

type Starter = (options: BackendOptions) => Promise<string>;

const STARTERS: Record<BackendName, Starter> = {
  onnx: startOnnx,
  tensorflow: startTensorflow,
  wasm: startWasm,
  cpu: startCpu,
};

const NAMES = Object.keys(STARTERS) as BackendName[];

/**
 * Chooses the TensorFlow.js backend, loads it and says so in one line on stderr.
 *
 * `'auto'` (the default) obeys the environment variable `ATTUNE_BACKEND`; without it, it takes `tensorflow` when
 * `@tensorflow/tfjs-node-gpu` is installed and works, else `onnx`, else the first of `tensorflow`, `wasm` and `cpu`
 * that loads.
 * Calling it again with another name switches; tensors move along when they are next used.
 * @throws when the named backend cannot be loaded, saying what is missing.
 */
export async function useBackend(
  name: BackendName | 'auto' = 'auto',
  options: BackendOptions = {},
): Promise<BackendInfo> {
  const info = await choose(name, options);
  await ready();
  if (!options.quiet) process.stderr.write(`backend ${info.description}\n`);
  return info;
}

async function choose(name: BackendName | 'auto', options: BackendOptions): Promise<BackendInfo> {
  const wanted = name === 'auto' ? (process.env.ATTUNE_BACKEND ?? 'auto') : name;
  if (wanted !== 'auto') {
    const known = NAMES.find((n) => n === wanted);
    if (!known) throw new Error(`backend: expected one of auto, ${NAMES.join(', ')}, found ${wanted}`);
    return { name: known, description: await STARTERS[known](options) };
  }
  const failures: string[] = [];
  const candidates: [BackendName, Starter][] = [
    ['tensorflow', startTensorflowGpu],
    ...NAMES.map((n): [BackendName, Starter] => [n, STARTERS[n]]),
  ];
  for (const [candidate, start] of candidates) {
    try {
      return { name: candidate, description: await start(options) };
    } catch (error) {
      failures.push(`${candidate}: ${(error as Error).message}`);
    }
  }
  throw new Error(`No TensorFlow.js backend could be loaded.\n${failures.join('\n')}`);
}

async function startOnnx(options: BackendOptions): Promise<string> {
  const { registerOnnxBackend } = await import('./register.ts');
  const { runtime } = registerOnnxBackend(options);
  await activate('onnx');
  const threads = `${runtime.threads} thread${runtime.threads === 1 ? '' : 's'}`;
  const native = runtime.native ? `, ${runtime.native} kernels` : '';
  return `onnx: ONNX Runtime ${runtime.ort.version}, ${runtime.provider}, ${threads}${native}`;
}

async function startTensorflow(options: BackendOptions): Promise<string> {
  try {
    return await startTensorflowGpu();
  } catch {
    return startTensorflowPackage('@tensorflow/tfjs-node', options);
  }
}

function startTensorflowGpu(): Promise<string> {
  return startTensorflowPackage('@tensorflow/tfjs-node-gpu');
}

async function startTensorflowPackage(packageName: string, _options?: BackendOptions): Promise<string> {
  const { default: util } = await import('node:util');
  // Node 23 removed this function, which these packages call while they load.
  const legacy = util as { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
  await load(packageName, 'tensorflow');
  await activate('tensorflow');
  return `tensorflow: ${packageName}`;
}

async function startWasm(): Promise<string> {
  await load('@tensorflow/tfjs-backend-wasm', 'wasm');
  await activate('wasm');
  return 'wasm: @tensorflow/tfjs-backend-wasm';
}

async function startCpu(): Promise<string> {
  await load('@tensorflow/tfjs-backend-cpu', 'cpu');
  await activate('cpu');
  return 'cpu: @tensorflow/tfjs-backend-cpu, slow: for tests';
}

/** Imports an optional package. */
async function load(packageName: string, backend: BackendName): Promise<void> {
  try {
    await import(packageName);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    const reason = missing ? 'is not installed: add it' : `does not load: ${(error as Error).message}`;
    throw new Error(`The ${backend} backend needs the package ${packageName}, which ${reason}.`);
  }
}

async function activate(backend: BackendName): Promise<void> {
  const ok = await setBackend(backend);
  if (!ok || getBackend() !== backend) throw new Error(`The ${backend} backend could not be started.`);
}
