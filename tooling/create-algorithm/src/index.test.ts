import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAlgorithm } from './index.ts';

const own = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** A user's project with what `npm install` would bring, and the scaffolded package among it. */
let project: string;
let folder: string;

beforeAll(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'attune-create-')));
  const { devDependencies } = JSON.parse(readFileSync(own('package.json'), 'utf8'));
  for (const name of Object.keys(devDependencies)) {
    const link = join(project, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(realpathSync(own(`node_modules/${name}`)), link);
  }
  folder = createAlgorithm({
    name: '@acme/margin-loss',
    folder: join(project, 'node_modules/@acme/margin-loss'),
  });
  execFileSync('node', [own('node_modules/typescript/bin/tsc'), '-p', folder], { stdio: 'inherit' });
});

afterAll(() => rmSync(project, { recursive: true }));

/** In a process of its own: the workers of vitest resolve packages to their TypeScript sources. */
test('a recipe can name the scaffolded package', () => {
  const script = `
    import { resolveAlgorithm } from '@attune/algorithms';
    const { name, options } = await resolveAlgorithm('@acme/margin-loss', { from: '.' });
    console.log(JSON.stringify({ name, defaults: options.parse({}) }));`;
  const output = execFileSync('node', ['--input-type=module', '-e', script], {
    cwd: project,
    encoding: 'utf8',
  });
  expect(JSON.parse(output)).toEqual({ name: '@acme/margin-loss', defaults: { beta: 2, gamma: 1 } });
});

test('its own tests pass', () => {
  const run = spawnSync('node', ['--test', '--test-reporter=tap', 'dist/index.test.js'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(run.stdout).toContain('# pass 11');
  expect(run.status, run.stdout).toBe(0);
});

test('nothing of the template is left', () => {
  for (const file of ['package.json', 'README.md', 'src/index.ts', 'src/index.test.ts', '.gitignore']) {
    expect(readFileSync(join(folder, file), 'utf8')).not.toMatch(/my-?loss/i);
  }
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  expect(dependencies).toEqual({ zod: '^4.6.7' });
  expect(peerDependencies['@tensorflow/tfjs-core']).toBe('4.22.0');
});

test('bad names and folders in use are refused', () => {
  expect(() => createAlgorithm({ name: 'My Loss' })).toThrow(
    `package name must be like my-loss or @acme/my-loss (lower case), found 'My Loss'`,
  );
  expect(() => createAlgorithm({ name: '../escape' })).toThrow(`found '../escape'`);
  expect(() => createAlgorithm({ name: 'again', folder })).toThrow(`${folder} holds files already`);
});
