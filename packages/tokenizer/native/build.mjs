// Compiles the cores in C to WebAssembly, each into a module of its own under `src/wasm`, so that bundlers leave out
// what is not used. Needs Python with the package `ziglang` (a C compiler), or another `zig` named in ATTUNE_ZIG;
// users need neither.
// usage: node native/build.mjs [name ...]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sourcesHash } from './sources-hash.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const zig = (process.env.ATTUNE_ZIG ?? 'python3 -m ziglang').split(' ');

/** Sources, and the name of what their module exports. */
const CORES = { 'byte-bpe': 'byteBpeWasm', unigram: 'unigramWasm', merges: 'mergesWasm' };
/** What a core is compiled with beyond `FLAGS`. */
const MORE_FLAGS = { unigram: ['-msimd128'] };
const FLAGS = [
  '--target=wasm32-freestanding',
  '-O3',
  '-std=c17',
  '-nostdlib',
  '-mbulk-memory',
  '-Wall',
  '-Wextra',
  '-fno-sanitize=undefined',
  '-fno-unroll-loops',
  '-Wl,--no-entry',
  '-Wl,--strip-all',
];

const chosen = process.argv.slice(2);
for (const [name, variable] of Object.entries(CORES)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const folder = mkdtempSync(join(tmpdir(), 'attune-wasm-'));
  const output = join(folder, `${name}.wasm`);
  const source = join(here, 'src', `${name}.c`);
  const flags = [...FLAGS, ...(MORE_FLAGS[name] ?? [])];
  execFileSync(zig[0], [...zig.slice(1), 'cc', ...flags, source, '-o', output], { stdio: 'inherit' });
  const bytes = readFileSync(output);
  rmSync(folder, { recursive: true });
  const lines = [
    `// Written by \`node native/build.mjs\` from native/src/${name}.c. Sources: ${sourcesHash(name)}`,
    `export const ${variable}: string =`,
    `  '${bytes.toString('base64')}';`,
  ];
  writeFileSync(join(here, '../src/wasm', `${name}.ts`), `${lines.join('\n')}\n`);
  console.log(`${name}: ${bytes.length} bytes`);
}
