// Compiles the kernels for every platform that onnxruntime-node serves. Needs Python with the package `ziglang`
// (a C compiler with all cross targets), or another `zig` named in ATTUNE_ZIG; users need neither.
// usage: node native/build.mjs [platform-arch ...]
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sourcesHash } from './sources-hash.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const zig = (process.env.ATTUNE_ZIG ?? 'python3 -m ziglang').split(' ');

/** Zig's target, the name of the library, and the instruction sets to compile the kernels for. */
const AVX = { avx512: 'x86_64_v4', avx2: 'x86_64_v3' };
const AMX = 'x86_64_v4+amx_tile+amx_bf16';
const TARGETS = {
  // The oldest glibc that Node 20 runs on.
  'linux-x64': ['x86_64-linux-gnu.2.28', 'kernels.so', AVX],
  'linux-arm64': ['aarch64-linux-gnu.2.28', 'kernels.so', { base: 'generic' }],
  'darwin-x64': ['x86_64-macos.11.0', 'kernels.dylib', AVX],
  'darwin-arm64': ['aarch64-macos.11.0', 'kernels.dylib', { base: 'apple_m1' }],
  'win32-x64': ['x86_64-windows-gnu', 'kernels.dll', AVX],
};
const FLAGS = [
  '-O3',
  '-std=c17',
  '-D_DEFAULT_SOURCE',
  '-Wall',
  '-Wextra',
  '-Wno-psabi',
  '-fvisibility=hidden',
  '-fno-math-errno',
  '-ffp-contract=fast',
  '-fno-sanitize=undefined',
  '-fPIC',
];

const chosen = process.argv.slice(2);
for (const [name, [target, library, sets]] of Object.entries(TARGETS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const objects = mkdtempSync(join(tmpdir(), 'attune-native-'));
  const compile = (file, output, ...flags) => {
    const object = join(objects, `${output}.o`);
    run('-c', join(here, 'src', file), '-o', object, '-target', target, ...FLAGS, ...flags);
    return object;
  };
  const parts = Object.entries(sets).map(([set, cpu]) =>
    compile('kernels.c', set, `-mcpu=${cpu}`, `-DKERNELS=kernels_${set}`),
  );
  if (name === 'linux-x64') parts.push(compile('amx.c', 'amx', `-mcpu=${AMX}`));
  parts.push(compile('register.c', 'register'));
  const folder = join(here, 'bin', name);
  mkdirSync(folder, { recursive: true });
  run('-shared', '-o', join(folder, library), '-target', target, '-s', ...parts);
  rmSync(objects, { recursive: true });
  // What Windows programs that link against the library would need.
  rmSync(join(folder, `${Object.keys(sets)[0]}.lib`), { force: true });
  console.log(`${name}: ${join('native/bin', name, library)}`);
}

// `native.test.ts` refuses libraries that are older than their sources.
if (chosen.length === 0) writeFileSync(join(here, 'bin', 'sources.sha256'), `${sourcesHash()}\n`);

function run(...args) {
  execFileSync(zig[0], [...zig.slice(1), 'cc', ...args], { stdio: 'inherit' });
}
