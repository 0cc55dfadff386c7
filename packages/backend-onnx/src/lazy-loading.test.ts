import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** Everything that importing `entry` loads at once, packages by name and files by path. */
async function staticImports(entry: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    absWorkingDir: import.meta.dirname,
  });
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    for (const { path, kind } of metafile.inputs[file]?.imports ?? []) {
      if (kind === 'import-statement') visit(path);
    }
  };
  visit(entry.replace('./', ''));
  return [...found];
}

test.each(['./index.ts', './ops/index.ts'])('importing %s loads no native code', async (entry) => {
  const loaded = await staticImports(entry);
  expect(loaded).toContain('@tensorflow/tfjs-core');
  expect(loaded).not.toContain('koffi');
});

test('the backend itself does load it', async () => {
  expect(await staticImports('./register.ts')).toContain('koffi');
});
