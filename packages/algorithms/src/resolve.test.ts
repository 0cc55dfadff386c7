import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dpo } from './pairs/dpo.ts';
import { resolveAlgorithm } from './resolve.ts';

let project: string;

const definition = `{ name: 'mine', batch: 'supervised', options: { safeParse() {} }, loss() {} }`;

function install(name: string, manifest: object, files: Record<string, string>) {
  const root = join(project, 'node_modules', name);
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name, type: 'module', ...manifest }));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(root, file), text);
}

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'attune-resolve-'));
  mkdirSync(join(project, 'recipes'));
  install(
    '@acme/my-loss',
    { exports: { '.': { types: './x.d.ts', import: './entry.js' } } },
    {
      'entry.js': `export default ${definition}`,
    },
  );
  install('plain-loss', { main: 'main.js' }, { 'main.js': `export default ${definition}` });
  install('not-a-loss', {}, { 'index.js': 'export default { name: "x", batch: "pears" }' });
  install('breaks', {}, { 'index.js': 'throw new Error("no luck")' });
  writeFileSync(join(project, 'local.js'), `export default ${definition}`);
});

afterAll(() => rmSync(project, { recursive: true }));

describe('resolveAlgorithm', () => {
  test('knows the built-in ones', async () => {
    expect(await resolveAlgorithm('dpo')).toBe(dpo);
  });

  test.each(['@acme/my-loss', 'plain-loss'])('imports %s, installed above the recipe', async (name) => {
    expect((await resolveAlgorithm(name, { from: join(project, 'recipes') })).name).toBe('mine');
  });

  test('imports a file', async () => {
    expect((await resolveAlgorithm('./local.js', { from: project })).name).toBe('mine');
    expect((await resolveAlgorithm('../local.js', { from: join(project, 'recipes') })).name).toBe('mine');
  });

  test.each([
    ['dop', `algorithm 'dop' is neither built in`],
    ['@acme/other', 'or one of sft, dft,'],
    ['exo_pair', `did you mean 'exo'?`],
    ['hinge', `did you mean 'slic'?`],
    ['prm', `did you mean 'process-reward-model'?`],
    ['constructor', 'is neither built in'],
    ['dop', 'nor a package installed at'],
    ['dop', `did you mean 'dpo'?`],
    ['@acme/other', 'npm install @acme/other'],
    ['./missing.js', `algorithm './missing.js' is neither`],
    [
      'not-a-loss',
      'the default export is no definition: batch must be one of supervised, pairwise, unpaired, listwise, stepwise, rollout, distillation, contrastive, found pears',
    ],
    ['breaks', 'failed to load: no luck'],
    ['toString', `algorithm 'toString' is neither`],
  ])('%s: %s', async (name, message) => {
    await expect(resolveAlgorithm(name, { from: project })).rejects.toThrow(message);
  });
});
