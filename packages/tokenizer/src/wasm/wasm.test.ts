import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { instantiate, reserve, type WasmMemory } from './instance.ts';

const folder = new URL('.', import.meta.url);
const cores = readdirSync(folder).filter((name) => !/^(instance|wasm\.test)\.ts$/.test(name));

it.each(cores)('%s was compiled from the sources that are here', async (name) => {
  const { sourcesHash } = await import('../../native/sources-hash.mjs' as string);
  const [, compiled] = /Sources: (\w+)/.exec(readFileSync(new URL(name, folder), 'utf8'))!;
  expect(compiled, 'run `node native/build.mjs`').toBe(sourcesHash(name.replace('.ts', '')));
});

it.each(cores)('%s gives every instance memory of its own, which grows', async (name) => {
  const [base64] = Object.values(await import(/* @vite-ignore */ new URL(name, folder).href)) as [string];
  const create = () => instantiate<{ memory: WasmMemory }>(base64, { isSpecial: () => 0, join: () => -1 });
  const [one, other] = [create(), create()];
  new Uint8Array(one.memory.buffer).fill(1);
  expect(new Uint8Array(other.memory.buffer).every((byte) => byte === 1)).toBe(false);
  expect(reserve(one.memory, 3_000_000)).toBe(true);
  expect(one.memory.buffer.byteLength).toBeGreaterThanOrEqual(3_000_000);
  expect(reserve(one.memory, 2 ** 32 + 1)).toBe(false);
});
