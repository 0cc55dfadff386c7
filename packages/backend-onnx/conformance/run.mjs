#!/usr/bin/env node
/**
 * Runs the tests that `@tensorflow/tfjs-core` publishes on this package's backend.
 *
 *   node conformance/run.mjs [--backend onnx|cpu] [--grep <regular expression>] [--verbose]
 *
 * Ends with the line `N passed, N failed, N skipped`; the exit code is 1 when a case failed.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { printReport } from './report.mjs';

const here = dirname(fileURLToPath(import.meta.url));

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

const bundle = await bundleSuite(options.backend);
const { runSuite } = await import(pathToFileURL(bundle).href);
const started = performance.now();
const results = await runSuite({ grep: options.grep });
const ok = printReport(results, {
  backend: options.backend,
  verbose: options.verbose,
  seconds: (performance.now() - started) / 1000,
});
process.exit(ok ? 0 : 1);

/**
 * Bundles the tests with one single copy of tfjs-core: tests reach into its modules, and a backend that was
 * registered with another copy would be invisible to them.
 */
async function bundleSuite(backend) {
  // Inside the package, so that what stays outside of the bundle is found from there.
  const outfile = join(here, '../node_modules/.cache/conformance', `${backend}.mjs`);
  await build({
    entryPoints: [join(here, 'suite.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // tfjs-core marks its files as free of side effects, tests and gradients included.
    ignoreAnnotations: true,
    // The modules that the tests import, instead of tfjs-core's own bundle for Node.
    mainFields: ['module', 'main'],
    alias: { '#backend': join(here, `backend-${backend}.ts`) },
    external: ['koffi', 'onnxruntime-node', 'jasmine-core'],
    banner: {
      js: "import { createRequire as createBundleRequire } from 'node:module';\nconst require = createBundleRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return outfile;
}
