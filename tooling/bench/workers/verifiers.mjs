/** Mathematical answers judged by @attune/rewards; `peers/verifiers.py` is its counterpart. */
import { readFileSync } from 'node:fs';
import { equivalentAnswers, mathMatch } from '@attune/rewards';
import { serve } from '../lib/worker.mjs';

const { task } = JSON.parse(process.argv[2]);
const { pairs } = JSON.parse(
  readFileSync(
    new URL('../../../packages/rewards/src/fixtures/math-equivalence.json', import.meta.url),
    'utf8',
  ),
);
// The peer takes milliseconds for each, so an eighth of them must do.
const some = pairs.filter((_, i) => i % 8 === 0);
const reward = mathMatch();
const steps = {
  pairs: () => ({ right: some.filter(([gold, answer]) => equivalentAnswers(answer, gold)).length }),
  completions: () => ({
    right: some.filter(
      ([gold, answer]) => reward(`We compute step by step. So \\boxed{${answer}}.`, { answer: gold }) === 1,
    ).length,
  }),
};
await serve(steps[task], { count: some.length });
