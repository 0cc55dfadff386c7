import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Tests run on the sources of every package; only the command-line tests need the built apps.
  resolve: { conditions: ['@attune/source', 'node', 'import', 'module', 'default'] },
  ssr: { resolve: { conditions: ['@attune/source', 'node', 'import', 'module', 'default'] } },
  test: {
    include: ['{packages,apps,tooling}/*/{src,test}/**/*.test.ts', 'tooling/*.test.ts'],
    // CI counts the tests from a file.
    reporters: process.env.ATTUNE_TEST_JSON
      ? ['default', ['json', { outputFile: process.env.ATTUNE_TEST_JSON }]]
      : ['default'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
