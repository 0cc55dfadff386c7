import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import koffi from 'koffi';

/** Name of ONNX Runtime's shared library, by platform. */
const LIBRARY: Partial<Record<NodeJS.Platform, RegExp>> = {
  linux: /^libonnxruntime\.so(\.\d+)*$/,
  darwin: /^libonnxruntime(\.\d+)*\.dylib$/,
  win32: /^onnxruntime\.dll$/,
};

/**
 * Path of ONNX Runtime's shared library inside the installed `onnxruntime-node` package.
 *
 * Only the file is used: neither that package's JavaScript nor its install script (which would download the CUDA
 * provider) runs. `ATTUNE_ORT_LIBRARY` names another build of the library, for example one with CUDA.
 * @throws when the package is missing or ships no library for this platform and processor.
 */
export function findLibrary(): string {
  const chosen = process.env.ATTUNE_ORT_LIBRARY;
  if (chosen) {
    if (!existsSync(chosen)) throw new Error(`ATTUNE_ORT_LIBRARY: no such file: ${chosen}`);
    return chosen;
  }
  let root: string;
  try {
    root = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  } catch {
    throw new Error('The onnx backend needs the package onnxruntime-node, which is not installed: add it.');
  }
  const target = `${process.platform}/${process.arch}`;
  const bin = join(root, 'bin');
  for (const napi of existsSync(bin) ? readdirSync(bin) : []) {
    const folder = join(bin, napi, process.platform, process.arch);
    const pattern = LIBRARY[process.platform];
    const file = pattern && existsSync(folder) && readdirSync(folder).find((name) => pattern.test(name));
    if (file) return join(folder, file);
  }
  throw new Error(
    `onnxruntime-node ships no library for ${target}. Choose another backend ('wasm', 'cpu'), ` +
      'or name a build of ONNX Runtime in ATTUNE_ORT_LIBRARY.',
  );
}

/**
 * Loads the library once more, past koffi. koffi unloads what it loaded when the handle is garbage collected and when
 * the process ends; threads would then run code that is no longer there: a segmentation fault.
 */
export function pinLibrary(path: string): void {
  if (process.platform === 'win32') {
    koffi.load('kernel32.dll').func('LoadLibraryW', 'void*', ['str16'])(path);
    return;
  }
  const RTLD_NOW = 2;
  koffi.load(null).func('dlopen', 'void*', ['str', 'int'])(path, RTLD_NOW);
}
