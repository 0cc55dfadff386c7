#!/usr/bin/env node
/**
 * Runs the tests that `@tensorflow/tfjs-core` publishes on this package's backend.
 *
 *   node conformance/run.mjs [--backend onnx|cpu] [--grep <regular expression>] [--verbose]
 *
 * Ends with the line `N passed, N failed, N skipped`; the exit code is 1 when a case failed. Skipped are the cases
 * that the suite itself leaves out and those on the exclusion list (exclusions.mjs).
 */
import { parseArgs } from 'node:util';
import { importBundled } from './bundle.mjs';
import { EXCLUSIONS } from './exclusions.mjs';
import { printReport } from './report.mjs';

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

const { runSuite } = await importBundled(`suite-${options.backend}.ts`);
const started = performance.now();
const results = await runSuite(options.grep);
if (results.length === 0) {
  console.error(`--grep: no case matches ${options.grep}`);
  process.exit(2);
}
const seconds = (performance.now() - started) / 1000;
const exclusions = options.backend === 'onnx' ? EXCLUSIONS : [];
process.exit(printReport(results, exclusions, { verbose: options.verbose, seconds }) ? 0 : 1);
