/**
 * Measures Attune against its peers: `pnpm bench [name ...]`, without a name all of them. Ours and the peer take turns,
 * medians are compared, and the ratio says how many times better ours is (below 1: worse). Results go to
 * `bench-results/<name>.json`.
 *
 * Peers in Python are called by ATTUNE_BENCH_PYTHON (default python3); one that is not installed is named as missing.
 */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { printTable, writeResults } from './lib/report.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const known = readdirSync(join(here, 'benches')).map((file) => file.replace(/\.mjs$/, ''));
const names = process.argv.slice(2);
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`bench: expected ${known.join(', ')}, found ${unknown.join(', ')}`);
  process.exit(1);
}

for (const name of names.length > 0 ? names : known) {
  console.log(`\n${name}`);
  const { run } = await import(pathToFileURL(join(here, 'benches', `${name}.mjs`)).href);
  const rows = await run();
  printTable(rows);
  writeResults(name, rows);
}
