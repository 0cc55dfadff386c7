import { readdirSync, readFileSync } from 'node:fs';
import { useBackend } from '@attune/backend-onnx';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Fixture, type FixtureCase, runCase } from './fixtures/run-case.ts';
import { algorithms } from './resolve.ts';

// Every fixture with `cases` is run; they are made by the scripts in tooling/reference/algorithms.
const folder = new URL('fixtures/', import.meta.url);
const fixtures = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({ file, ...(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Fixture) }))
  .filter(({ batch, cases }) => batch && cases);

/** On ONNX Runtime every case compiles a graph: the first of each algorithm. */
const firstOfEach = (cases: FixtureCase[]) =>
  cases.filter((one, i) => cases.findIndex(({ algorithm }) => algorithm === one.algorithm) === i);

/** Largest difference, relative to numbers above 1 in float32. */
function difference(actual: readonly number[], expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(
    0,
    ...actual.map((value, i) => {
      const gap = Math.abs(value - expected[i]!) / Math.max(1, Math.abs(expected[i]!));
      return Number.isNaN(gap) ? Infinity : gap;
    }),
  );
}

describe.each(['cpu', 'onnx'] as const)('equal to the reference on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend, { quiet: true });
  });
  const worst: Record<string, number> = {};

  describe.each(fixtures)('$file', ({ batch, cases }) => {
    const some = backend === 'cpu' ? cases : firstOfEach(cases);
    test.each(some)('$algorithm $options', (one) => {
      const { loss, metrics, gradients } = runCase(algorithms[one.algorithm]!, { batch, cases }, one);
      expect(Object.keys(metrics).sort()).toEqual(Object.keys(one.metrics).sort());
      const gaps = {
        loss: difference([loss], [one.loss]),
        ...Object.fromEntries(
          Object.entries(one.metrics).map(([name, value]) => [name, difference([metrics[name]!], [value])]),
        ),
        ...Object.fromEntries(
          Object.entries(one.gradients).map(([path, rows]) => [
            `gradient of ${path}`,
            difference(gradients[path]!, [rows].flat(4) as number[]),
          ]),
        ),
      };
      for (const [what, gap] of Object.entries(gaps)) expect(gap, what).toBeLessThanOrEqual(1e-5);
      worst[one.algorithm] = Math.max(worst[one.algorithm] ?? 0, ...Object.values(gaps));
    });
  });

  // ATTUNE_DIFFERENCES=1 prints how near each algorithm comes to its reference.
  test('differences', () => {
    if (process.env.ATTUNE_DIFFERENCES) console.log(backend, worst);
    expect(Math.max(0, ...Object.values(worst))).toBeLessThanOrEqual(1e-5);
  });
});
