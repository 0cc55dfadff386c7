/**
 * Operators of our own in native code (`native/src`), which ONNX Runtime runs like its own: where they exist, a fused
 * operation is one pass over memory instead of many. They are optional. Without a library for the platform or a
 * processor that it supports, and on every other execution provider, lowerings use ONNX Runtime's operators alone.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import koffi from 'koffi';
import type { Instructions } from '../graph/types.ts';
import type { OrtApi, Pointer } from './api.ts';
import { pinLibrary } from './library.ts';

/** The domain of our operators in an ONNX model. */
export const NATIVE_DOMAIN = 'attune';

const EXTENSION: Partial<Record<NodeJS.Platform, string>> = { linux: 'so', darwin: 'dylib', win32: 'dll' };

interface NativeLibrary {
  /** The instruction set that its kernels use on this processor. */
  instructions: Instructions;
  register(table: Pointer, options: Pointer): Pointer | null;
}

let loaded: NativeLibrary | null | undefined;

/**
 * Makes the operators known to sessions with these options.
 * @returns the instruction set of the kernels, or undefined where there are none. `ATTUNE_NATIVE=off` leaves them out.
 */
export function registerNativeKernels(ort: OrtApi, sessionOptions: Pointer): Instructions | undefined {
  if (process.env.ATTUNE_NATIVE === 'off') return undefined;
  loaded ??= loadLibrary();
  if (!loaded) return undefined;
  ort.check(loaded.register(ort.table, sessionOptions));
  return loaded.instructions;
}

function loadLibrary(): NativeLibrary | null {
  const file = `../../native/bin/${process.platform}-${process.arch}/kernels.${EXTENSION[process.platform]}`;
  const path = fileURLToPath(new URL(file, import.meta.url));
  if (!existsSync(path)) return null;
  try {
    const library = koffi.load(path);
    pinLibrary(path);
    const instructions: Instructions | null = library.func('attune_instructions', 'str', [])();
    if (instructions === null) return null;
    return { instructions, register: library.func('attune_register', 'void*', ['void*', 'void*']) };
  } catch {
    // A system on which our build does not run, such as one with another C library, does without.
    return null;
  }
}
