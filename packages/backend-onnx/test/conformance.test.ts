import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { kernelTable, missingKernels } from '../conformance/kernel-table.ts';
import { judge } from '../conformance/report.ts';

const RUNNER = fileURLToPath(new URL('../conformance/run.mjs', import.meta.url));

/** Runs a part of tfjs-core's tests; the whole takes longer and is a command of its own. */
async function run(grep: string) {
  return promisify(execFile)(process.execPath, [RUNNER, '--grep', grep]);
}

test("a part of tfjs-core's own tests passes", async () => {
  const { stdout } = await run('^(matmul|softmax|gather|concat2d|AdamOptimizer|complex) ');
  const [, passed] = /(\d+) passed, 0 failed, 0 skipped\n$/.exec(stdout) ?? [];
  expect(Number(passed)).toBeGreaterThan(100);
});

test('a pattern that matches no case is an error', async () => {
  await expect(run('^no such case$')).rejects.toMatchObject({
    code: 2,
    stderr: '--grep: no case matches ^no such case$\n',
  });
});

test('exclusions excuse failures, and are stale where there is none', () => {
  const outcome = (name: string, status: 'passed' | 'failed' | 'pending') => ({
    name,
    status,
    messages: [] as string[],
  });
  const results = [
    outcome('add', 'passed'),
    outcome('sub', 'failed'),
    outcome('fft 1d', 'failed'),
    outcome('fft 2d', 'passed'),
    outcome('left out by the suite', 'pending'),
  ];
  const { passed, failed, skipped, stale } = judge(results, [{ reason: 'complex numbers', cases: [/^fft/] }]);
  expect({ passed: passed.length, failed, skipped, stale }).toEqual({
    passed: 1,
    failed: [outcome('sub', 'failed')],
    skipped: 3,
    stale: [outcome('fft 2d', 'passed')],
  });
});

test("every kernel of TensorFlow.js's cpu backend is there, except for drawing in a browser", () => {
  expect(missingKernels()).toEqual(['Draw']);
});

test('docs/kernels.md lists the kernels that are registered', () => {
  const page = new URL('../docs/kernels.md', import.meta.url);
  expect(readFileSync(page, 'utf8'), 'run node conformance/write-kernel-table.mjs').toBe(kernelTable());
});
