import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { first, last, record, train } from '../lib.mjs';

const METRIC = 'validation/reward';

/** Tokens that a run read in training. */
function tokensOf({ output }) {
  return readFileSync(join(output, 'speed.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .reduce((sum, { seconds, tokensPerSecond }) => sum + seconds * tokensPerSecond, 0);
}

/**
 * A student of a quarter of the parameters: distilled on its own answers, or by reinforcement learning alone, from the
 * same beginning. Compute is counted in multiply-adds: a token costs the student 6 N to learn from and 2 N to sample, and
 * a teacher of 4 N parameters 8 N to judge. So reinforcement learning may read twice as many tokens.
 */
export async function run() {
  const { model } = train('sft', 'post-training/sft');
  const teacher = train('grpo-1', 'post-training/grpo', `model.path=${model}`, 'seed=1');
  const student = train('student-sft', 'post-training/student-sft', `tokenizer.path=${model}`, 'seed=1');
  const begin = [`model.path=${student.model}`, 'seed=1'];
  const distilled = train(
    'student-gkd',
    'post-training/distillation',
    ...begin,
    `teacher.path=${teacher.model}`,
  );
  const alone = train(
    'student-grpo',
    'post-training/grpo',
    ...begin,
    'schedule.steps=60',
    'evaluation.every=60',
    'checkpoint.every=60',
  );
  const recipe = 'recipes/post-training/distillation.yaml';
  const goal = last(teacher, METRIC);
  const compute = (2 * tokensOf(distilled)) / tokensOf(alone);
  record(
    {
      algorithm: 'gkd',
      recipe,
      metric: 'accuracy of the student',
      before: first(distilled, METRIC),
      after: last(distilled, METRIC),
      seeds: 1,
      note: `${(100 * (last(distilled, METRIC) / goal)).toFixed(0)}% of its teacher's ${goal}`,
    },
    {
      algorithm: 'grpo',
      recipe,
      metric: 'accuracy of the student',
      before: first(alone, METRIC),
      after: last(alone, METRIC),
      seeds: 1,
      note: `reinforcement learning alone; distillation took ${compute.toFixed(2)} times its compute`,
    },
  );
}
