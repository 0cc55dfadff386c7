// Puts HumanEval to the code sandbox: every canonical solution passes, every emptied one fails.
// usage: node tooling/real-data/sandbox.mjs <data folder>   (reads <data folder>/code/HumanEval.jsonl.gz)
// Ends with `N passed, N failed`; exit code 1 on a failure.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Sandbox, unitTestJob } from '../../packages/rewards/dist/sandbox/index.js';

if (!process.argv[2]) {
  console.error('usage: node tooling/real-data/sandbox.mjs <data folder>');
  process.exit(2);
}
const problems = gunzipSync(readFileSync(join(process.argv[2], 'code/HumanEval.jsonl.gz')))
  .toString()
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const sandbox = new Sandbox({ language: 'python', timeoutMs: 30_000 });
let passed = 0;
let failed = 0;
const start = performance.now();
/** Runs a completion of a problem. */
async function judge(problem, completion, wanted) {
  const { status, phase, error } = await sandbox.run(unitTestJob(completion, problem));
  const got = status === 'ok' ? 'passes' : 'fails';
  // An emptied solution must fail for its answers, not for want of a program.
  const right = got === wanted && (wanted === 'passes' || (status === 'error' && phase === 'tests'));
  if (right) passed++;
  else {
    failed++;
    console.log(
      `FAIL ${problem.task_id} ${wanted === 'passes' ? 'canonical' : 'emptied'}: ${status} ${error}`,
    );
  }
}
await Promise.all(
  problems.flatMap((problem) => [
    judge(problem, problem.canonical_solution, 'passes'),
    judge(problem, '    pass\n', 'fails'),
  ]),
);
sandbox.close();
console.log(`${problems.length} problems in ${((performance.now() - start) / 1000).toFixed(1)} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
