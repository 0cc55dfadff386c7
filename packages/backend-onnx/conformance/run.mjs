#!/usr/bin/env node
/**
 * Runs the tests that `@tensorflow/tfjs-core` publishes on this package's backend.
 *
 *   node conformance/run.mjs [--backend onnx|cpu] [--grep <regular expression>] [--verbose]
 *
 * Ends with the line `N passed, N failed, N skipped`; the exit code is 1 when a case failed. Skipped are the cases
 * that the suite itself leaves out and those on the exclusion list (exclusions.ts).
 */
import { parseArgs } from 'node:util';
import { importBundled } from './bundle.mjs';

const { values: options } = parseArgs({
  options: {
    backend: { type: 'string', default: 'onnx' },
    grep: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
if (!['onnx', 'cpu'].includes(options.backend)) {
  console.error(`--backend: expected onnx or cpu, found ${options.backend}`);
  process.exit(2);
}

const { EXCLUSIONS, judge, reportOf, runSuite } = await importBundled(`suite-${options.backend}.ts`);
const results = await runSuite(options.grep);
if (results.length === 0) {
  console.error(`--grep: no case matches ${options.grep}`);
  process.exit(2);
}
const verdict = judge(results, options.backend === 'onnx' ? EXCLUSIONS : []);
console.log(reportOf(verdict, options.verbose));
process.exit(verdict.failed.length === 0 ? 0 : 1);
