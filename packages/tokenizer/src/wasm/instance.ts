import { base64ToBytes } from '../text/base64.ts';

/** What is used of WebAssembly; the type library without a browser's does not know it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

/** The memory of an instance. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

const PAGE = 1 << 16;
/** Compiled once, however many tokenizers use them. */
const modules = new Map<string, object>();

/**
 * An instance, with memory of its own, of a module in base64.
 * @param imports functions that the module calls
 * @throws where there is no WebAssembly, a security policy forbids it or memory does not suffice
 */
export function instantiate<T>(base64: string, imports: Record<string, (...values: number[]) => number>): T {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
  let module = modules.get(base64);
  if (!module) {
    module = new Module(base64ToBytes(base64));
    modules.set(base64, module);
  }
  return new Instance(module, { attune: imports }).exports as T;
}

/** Makes sure that memory reaches `end`. Returns whether it does. */
export function reserve(memory: WasmMemory, end: number): boolean {
  const missing = end - memory.buffer.byteLength;
  if (missing <= 0) return true;
  try {
    memory.grow(Math.ceil(missing / PAGE));
    return true;
  } catch {
    return false;
  }
}
