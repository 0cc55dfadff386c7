import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));

/**
 * Bundles a TypeScript file of this folder with one single copy of tfjs-core and imports the result: tests reach into
 * tfjs-core's modules, and a backend that was registered with another copy would be invisible to them.
 */
export async function importBundled(entry) {
  // Inside the package, so that what stays outside of the bundle is found from there.
  const outfile = join(here, '../node_modules/.cache/conformance', entry.replace(/\.ts$/, '.mjs'));
  await build({
    entryPoints: [join(here, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // tfjs-core marks its files as free of side effects, tests and gradients included.
    ignoreAnnotations: true,
    // The modules that the tests import, instead of tfjs-core's own bundle for Node.
    mainFields: ['module', 'main'],
    external: ['koffi', 'onnxruntime-node', 'jasmine-core'],
    banner: {
      js: "import { createRequire as createBundleRequire } from 'node:module';\nconst require = createBundleRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return import(pathToFileURL(outfile).href);
}
