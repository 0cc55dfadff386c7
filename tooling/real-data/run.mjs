// Runs the recipes on real inputs through the command line and holds them to what they promise.
// usage: node tooling/real-data/run.mjs <data folder>
// Ends with `N passed, N failed`; exit code 1 on a failure.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

if (!process.argv[2]) {
  console.error('usage: node tooling/real-data/run.mjs <data folder>');
  process.exit(2);
}
const data = resolve(process.argv[2]);
const runs = mkdtempSync(join(tmpdir(), 'attune-real-data-'));
let passed = 0;
let failed = 0;

/** Runs a recipe; its metrics by line, or undefined (and a failure) when it did not end well. */
function train(name, recipe, ...overrides) {
  const output = join(runs, name);
  const args = [
    'apps/cli/dist/main.js',
    'train',
    `recipes/${recipe}.yaml`,
    ...overrides,
    '--output',
    output,
    '--quiet',
  ];
  const start = performance.now();
  const { status, stderr } = spawnSync('node', args, { encoding: 'utf8' });
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  check(`${name}: runs (${seconds} s)`, status === 0, stderr.trim());
  if (status !== 0) return undefined;
  return readFileSync(join(output, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function check(what, ok, detail = '') {
  if (ok) passed++;
  else failed++;
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}${ok || !detail ? '' : `\n${detail}`}`);
}

const values = (metrics, name) =>
  metrics.filter((line) => line[name] !== undefined).map((line) => line[name]);
const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
/** How far a curve fell: the mean of its first tenth against that of its last. */
const ends = (list) => {
  const tenth = Math.max(1, Math.floor(list.length / 10));
  return [mean(list.slice(0, tenth)), mean(list.slice(-tenth))];
};

const char = train('pretrain-char', 'pretrain-char', `data.train.path=${data}/text/tinyshakespeare.txt`);
if (char) {
  const loss = values(char, 'validation/loss').at(-1);
  check(
    `pretrain-char: validation loss ${loss.toFixed(3)} <= 1.88 (nanoGPT's figure for this setting)`,
    loss <= 1.88,
  );
}

const gsm8k = [
  `data.train.path=${data}/math/gsm8k_train.jsonl`,
  `data.validation.path=${data}/math/gsm8k_test.jsonl`,
];
for (const [name, overrides] of [
  ['sft-gsm8k-full', ['schedule={name: cosine, steps: 60, warmup: 6}']],
  [
    'sft-gsm8k-lora',
    [
      `model={path: ${join(runs, 'sft-gsm8k-full', 'model')}}`,
      'adapter={rank: 8, alpha: 16}',
      'schedule={name: cosine, steps: 20, warmup: 2}',
    ],
  ],
]) {
  const metrics = train(name, 'sft-gsm8k', ...gsm8k, ...overrides);
  if (!metrics) continue;
  const [first, last] = ends(values(metrics, 'loss'));
  check(`${name}: training loss falls, ${first.toFixed(3)} to ${last.toFixed(3)}`, last < first);
  const reward = values(metrics, 'validation/reward/gsm8k').at(-1);
  check(`${name}: GSM8K scored on 100 test problems, strict ${reward}`, reward !== undefined);
}

const dpo = train(
  'dpo-hh',
  'dpo-hh',
  `data.train.path=${data}/preference/hh_rlhf_harmless_base_test.jsonl.gz`,
);
if (dpo) {
  const [, accuracy] = ends(values(dpo, 'rewards/accuracy'));
  check(`dpo-hh: reward accuracy on the training pairs ${accuracy.toFixed(3)} > 0.80`, accuracy > 0.8);
  const held = values(dpo, 'validation/rewards/accuracy').at(-1);
  check(`dpo-hh: reward accuracy on the held-out tenth is reported, ${held?.toFixed(3)}`, held !== undefined);
}

rmSync(runs, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
