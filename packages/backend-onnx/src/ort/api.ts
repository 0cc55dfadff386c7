/**
 * ONNX Runtime's C API, called through koffi.
 *
 * `OrtApi` is a table of function pointers. Releases only ever append to it, so an index never changes its meaning
 * (https://onnxruntime.ai/docs/api/c/struct_ort_api.html, order of `onnxruntime_c_api.h`).
 */
import koffi from 'koffi';
import { findLibrary, pinLibrary } from './library.ts';

/** Address of a C object. */
export type Pointer = bigint;

/** The oldest version of the API that holds every function below. */
const API_VERSION = 23;

/** Index in the table, result, arguments. Handles and arrays are plain addresses. */
const FUNCTIONS = {
  CreateEnvWithGlobalThreadPools: [119, 'void*', ['int', 'str', 'void*', 'void*']],
  ReleaseEnv: [92, 'void', ['void*']],
  CreateThreadingOptions: [121, 'void*', ['void*']],
  ReleaseThreadingOptions: [122, 'void', ['void*']],
  SetGlobalIntraOpNumThreads: [147, 'void*', ['void*', 'int']],
  SetGlobalInterOpNumThreads: [148, 'void*', ['void*', 'int']],
  SetGlobalSpinControl: [149, 'void*', ['void*', 'int']],
  GetErrorMessage: [2, 'str', ['void*']],
  ReleaseStatus: [93, 'void', ['void*']],
  CreateSessionOptions: [10, 'void*', ['void*']],
  ReleaseSessionOptions: [100, 'void', ['void*']],
  SetSessionExecutionMode: [13, 'void*', ['void*', 'int']],
  EnableProfiling: [14, 'void*', ['void*', process.platform === 'win32' ? 'str16' : 'str']],
  DisableMemPattern: [17, 'void*', ['void*']],
  SetSessionGraphOptimizationLevel: [23, 'void*', ['void*', 'int']],
  DisablePerSessionThreads: [120, 'void*', ['void*']],
  AddSessionConfigEntry: [130, 'void*', ['void*', 'str', 'str']],
  SessionOptionsAppendExecutionProvider: [216, 'void*', ['void*', 'str', 'void*', 'void*', 'size_t']],
  CreateCUDAProviderOptions: [205, 'void*', ['void*']],
  UpdateCUDAProviderOptions: [206, 'void*', ['void*', 'void*', 'void*', 'size_t']],
  ReleaseCUDAProviderOptions: [208, 'void', ['void*']],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, 'void*', ['void*', 'void*']],
  CreateSessionFromArray: [8, 'void*', ['void*', 'void*', 'size_t', 'void*', 'void*']],
  ReleaseSession: [95, 'void', ['void*']],
  CreateCpuMemoryInfo: [69, 'void*', ['int', 'int', 'void*']],
  CreateAndRegisterAllocator: [144, 'void*', ['void*', 'void*', 'void*']],
  CreateTensorWithDataAsOrtValue: [
    49,
    'void*',
    ['void*', 'void*', 'size_t', 'void*', 'size_t', 'int', 'void*'],
  ],
  CreateAllocator: [131, 'void*', ['void*', 'void*', 'void*']],
  ReleaseAllocator: [132, 'void', ['void*']],
  AllocatorGetStats: [319, 'void*', ['void*', 'void*']],
  GetKeyValue: [297, 'str', ['void*', 'str']],
  ReleaseKeyValuePairs: [300, 'void', ['void*']],
  ReleaseValue: [96, 'void', ['void*']],
  Run: [9, 'void*', ['void*', 'void*', 'void*', 'void*', 'size_t', 'void*', 'size_t', 'void*']],
} as const satisfies Record<string, readonly [number, string, readonly string[]]>;

type CFunction = {
  // biome-ignore lint/suspicious/noExplicitAny: C functions take whatever their row in the table says.
  (...args: any[]): any;
  // biome-ignore lint/suspicious/noExplicitAny: the same, with a callback at the end.
  async(...args: any[]): void;
};

/** The functions of the C API that Attune calls. */
export type OrtApi = Record<keyof typeof FUNCTIONS, CFunction> & {
  /** Version of the library, for example `1.30.0`. */
  version: string;
  /** The table itself. */
  table: Pointer;
  /** Throws ONNX Runtime's message when `status` (an `OrtStatus*`) is not null. */
  check(status: Pointer | null): void;
  /** Calls `create` with room for one pointer and returns what was stored there. */
  create(create: (out: BigUint64Array) => Pointer | null): Pointer;
};

let loaded: OrtApi | undefined;

/** Loads the library once per process and decodes its function table. */
export function loadOrt(): OrtApi {
  loaded ??= decodeTable();
  return loaded;
}

function decodeTable(): OrtApi {
  const path = findLibrary();
  const base: Pointer = loadLibrary(path).func('OrtGetApiBase', 'void*', [])();
  const [getApi, getVersion] = koffi.decode(base, koffi.array('uint64', 2)) as Pointer[];
  const version: string = koffi.call(getVersion, koffi.proto('str', []));
  const table: Pointer | null = koffi.call(getApi, koffi.proto('void*', ['uint32']), API_VERSION);
  if (table === null) {
    throw new Error(
      `${path}: ONNX Runtime ${version} is too old, version 1.${API_VERSION} or newer is needed`,
    );
  }
  const length = Math.max(...Object.values(FUNCTIONS).map(([index]) => index)) + 1;
  const pointers = koffi.decode(table, koffi.array('uint64', length)) as Pointer[];
  const api: Record<string, unknown> = { version, table };
  for (const [name, [index, result, args]] of Object.entries(FUNCTIONS)) {
    api[name] = koffi.decode(pointers[index], koffi.proto(result, [...args]));
  }
  const { GetErrorMessage, ReleaseStatus } = api as OrtApi;
  const check = (status: Pointer | null): void => {
    if (status === null) return;
    const message: string = GetErrorMessage(status);
    ReleaseStatus(status);
    throw new Error(`ONNX Runtime: ${message}`);
  };
  const create = (call: (out: BigUint64Array) => Pointer | null): Pointer => {
    const out = new BigUint64Array(1);
    check(call(out));
    return out[0]!;
  };
  return Object.assign(api as OrtApi, { check, create });
}

function loadLibrary(path: string) {
  try {
    const library = koffi.load(path);
    pinLibrary(path);
    return library;
  } catch (error) {
    throw new Error(`${path}: the ONNX Runtime library does not load: ${(error as Error).message}`);
  }
}

/** Address of the memory behind a typed array, which the caller keeps alive. */
export function addressOf(array: ArrayBufferView): Pointer {
  return koffi.address(array);
}
