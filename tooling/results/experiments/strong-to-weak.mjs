import { join } from 'node:path';
import { offPolicy, onPolicy, reinforced, share } from '../compute.mjs';
import { lasting, mean, metricsOf, overSeeds, record, train } from '../lib.mjs';

const METRIC = 'validation/reward';
/** One: it takes minutes. */
const SEEDS = [1];
/** Rows that a teacher writes (2 answers to 4,000 prompts), and that the student learns from in 300 steps of 64. */
const ROWS = { written: 2 * 4000, learned: 300 * 64 };

/**
 * The comparison of DeepSeek-R1 (section 4.1): a base model of a quarter of the parameters that was never shown a solution
 * learns from right answers of a strong teacher, then on-policy; or by reinforcement learning alone (R1-Zero's recipe), at
 * equal compute.
 */
export async function run() {
  const plain = 'data.template=none';
  const sft = train('teacher-sft', 'post-training/sft', plain);
  const goals = [];
  const runs = SEEDS.map((seed) => {
    const teacher = train(
      `teacher-${seed}`,
      'post-training/grpo',
      plain,
      `model.path=${sft.model}`,
      `seed=${seed}`,
    );
    goals.push(teacher);
    const alone = train(
      `student-zero-${seed}`,
      'post-training/r1-zero',
      `seed=${seed}`,
      'stages.base.model.width=40',
      // A base student reads half of what r1-zero.yaml's does.
      'stages.base.data.train.count=16000',
      'stages.base.schedule.steps=600',
      `stages.base.tokenizer.path=${sft.model}`,
      ...lasting(215).map((word) => `stages.zero.${word}`),
    );
    const distilled = train(
      `strong-to-weak-${seed}`,
      'post-training/strong-to-weak',
      `seed=${seed}`,
      `stages.off-policy.model.path=${join(alone.output, 'base/model')}`,
      `stages.off-policy.rounds.model=${teacher.model}`,
      `stages.on-policy.teacher.path=${teacher.model}`,
    );
    return {
      alone: stage(alone, 'zero'),
      off: stage(distilled, 'off-policy'),
      on: stage(distilled, 'on-policy'),
    };
  });
  const goal = overSeeds(goals, METRIC).after;
  const [alone, off, on] = ['alone', 'off', 'on'].map((way) => runs.map((run) => run[way]));
  const recipe = 'recipes/post-training/strong-to-weak.yaml';
  const metric = 'accuracy of a base student';
  const budget = mean(alone.map(reinforced));
  const first = mean(off.map((run) => offPolicy(run, ROWS)));
  const [taught, judged] = [overSeeds(off, METRIC), overSeeds(on, METRIC)];
  record(
    {
      algorithm: 'teacher-text',
      recipe,
      metric,
      ...taught,
      note: share(taught.after, goal, first / budget),
    },
    {
      algorithm: 'gkd',
      recipe,
      metric,
      ...judged,
      note: share(judged.after, goal, (first + mean(on.map(onPolicy))) / budget),
    },
    {
      algorithm: 'grpo',
      recipe,
      metric,
      ...overSeeds(alone, `${METRIC}/gsm8k`),
      note: 'reinforcement learning alone',
    },
  );
}

function stage({ output }, name) {
  const folder = join(output, name);
  return { output: folder, metrics: metricsOf(folder) };
}
