// Runs the quickstart's smoke form on every supported Node.js and writes the result into README.md's table.
// usage: node tooling/node-versions.mjs [--check]   (--check prints only)
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const versions = ['20', '22', '24', '26'];
const begin = '<!-- node-versions:begin -->';
const end = '<!-- node-versions:end -->';

const rows = versions.map((version) => {
  const output = mkdtempSync(join(tmpdir(), 'attune-node-'));
  const node = (...args) => spawnSync('npx', ['-y', `node@${version}`, ...args], { encoding: 'utf8' });
  const exact = node('--version').stdout.trim();
  const run = node('apps/cli/dist/main.js', 'quickstart', '--smoke', '--output', output);
  rmSync(output, { recursive: true, force: true });
  const last = run.stdout.trim().split('\n').at(-1) ?? '';
  const ok = run.status === 0 && last.startsWith('quickstart: ');
  if (!ok)
    console.error(`${exact}: exit code ${run.status}\n${run.stderr.trim().split('\n').slice(-5).join('\n')}`);
  console.log(`${ok ? 'ok  ' : 'FAIL'} Node.js ${exact}`);
  return { exact, ok };
});

if (!process.argv.includes('--check')) {
  const table = [
    '| Node.js | quickstart --smoke |',
    '|---|---|',
    ...rows.map((r) => `| ${r.exact} | ${r.ok ? 'passes' : 'fails'} |`),
  ];
  const readme = readFileSync('README.md', 'utf8');
  const from = readme.indexOf(begin) + begin.length;
  const to = readme.indexOf(end);
  if (to < from) throw new Error(`README.md: the markers ${begin} and ${end} are missing`);
  writeFileSync('README.md', `${readme.slice(0, from)}\n${table.join('\n')}\n${readme.slice(to)}`);
}
process.exitCode = rows.every((row) => row.ok) ? 0 : 1;
