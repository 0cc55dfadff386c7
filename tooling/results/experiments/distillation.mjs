import { onPolicy, reinforced, share } from '../compute.mjs';
import { lasting, mean, overSeeds, record, SEEDS, train } from '../lib.mjs';

const METRIC = 'validation/reward';

/**
 * A student of a quarter of the parameters that writes right answers nearly half of the time: what on-policy distillation
 * makes of it in 60 steps, and reinforcement learning alone in 60 steps of rows that cost half as much and are twice as
 * many. The learning rate of the latter is the best of three, on seeds that are not reported. Beside them distillation on
 * given solutions and MiniLLM, in as many steps.
 */
export async function run() {
  const { model } = train('sft', 'post-training/sft');
  const student = train('student-sft', 'post-training/student-sft', `tokenizer.path=${model}`, 'seed=1');
  const goals = [];
  const runs = SEEDS.map((seed) => {
    const own = [`model.path=${student.model}`, `seed=${seed}`];
    const teacher = train(`grpo-${seed}`, 'post-training/grpo', `model.path=${model}`, `seed=${seed}`);
    goals.push(teacher);
    return {
      distilled: train(
        `student-gkd-${seed}`,
        'post-training/distillation',
        ...own,
        `teacher.path=${teacher.model}`,
      ),
      ...Object.fromEntries(
        ['distill', 'minillm'].map((name) => [
          name,
          train(`student-${name}-${seed}`, `post-training/${name}`, ...own, `teacher.path=${teacher.model}`),
        ]),
      ),
      alone: train(`student-grpo-${seed}`, 'post-training/grpo', ...own, ...lasting(60)),
    };
  });
  const goal = overSeeds(goals, METRIC).after;
  const [distilled, alone] = ['distilled', 'alone'].map((way) => runs.map((run) => run[way]));
  const recipe = 'recipes/post-training/distillation.yaml';
  const metric = 'accuracy of a fine-tuned student';
  const reached = overSeeds(distilled, METRIC);
  const ratio = mean(distilled.map(onPolicy)) / mean(alone.map(reinforced));
  for (const algorithm of ['distill', 'minillm']) {
    const after = overSeeds(
      runs.map((run) => run[algorithm]),
      METRIC,
    );
    const note = `${(100 * (after.after / goal)).toFixed(0)}% of its teachers' ${goal.toFixed(3)}`;
    record({ algorithm, recipe: `recipes/post-training/${algorithm}.yaml`, metric, ...after, note });
  }
  record(
    { algorithm: 'gkd', recipe, metric, ...reached, note: share(reached.after, goal, ratio) },
    { algorithm: 'grpo', recipe, metric, ...overSeeds(alone, METRIC), note: 'reinforcement learning alone' },
  );
}
