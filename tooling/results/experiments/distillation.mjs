import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lasting, mean, metricsOf, overSeeds, record, SEEDS, train } from '../lib.mjs';

const METRIC = 'validation/reward';
const GSM8K = 'validation/reward/gsm8k';
const ALONE = 'reinforcement learning alone';

/**
 * A student of a quarter of the parameters: what distillation and reinforcement learning alone make of it, from the
 * same beginning, at equal compute. Once the student has been shown solutions before and already writes right ones half of
 * the time; once it is a base model, the case that DeepSeek-R1's claim is about.
 */
export async function run() {
  const { model } = train('sft', 'post-training/sft');
  fromFineTuned(model);
  fromBase();
}

/** On-policy distillation for 60 steps against 60 steps of GRPO, whose rows cost half as much and are twice as many. */
function fromFineTuned(model) {
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
      alone: train(`student-grpo-${seed}`, 'post-training/grpo', ...own, ...lasting(60)),
    };
  });
  const goal = overSeeds(goals, METRIC).after;
  const [distilled, alone] = ['distilled', 'alone'].map((way) => runs.map((run) => run[way]));
  const recipe = 'recipes/post-training/distillation.yaml';
  const metric = 'accuracy of a fine-tuned student';
  const reached = overSeeds(distilled, METRIC);
  const ratio = mean(distilled.map(onPolicy)) / mean(alone.map(reinforced));
  record(
    { algorithm: 'gkd', recipe, metric, ...reached, note: share(reached.after, goal, ratio) },
    { algorithm: 'grpo', recipe, metric, ...overSeeds(alone, METRIC), note: ALONE },
  );
}

/** Right answers of the teacher, then on-policy distillation, against R1-Zero's recipe for the same base model. */
function fromBase() {
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
      `stages.base.tokenizer.path=${sft.model}`,
      ...lasting(60).map((word) => `stages.zero.${word}`),
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
  const first = mean(off.map(offPolicy));
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
    { algorithm: 'grpo', recipe, metric, ...overSeeds(alone, GSM8K), note: ALONE },
  );
}

function stage({ output }, name) {
  const folder = join(output, name);
  return { output: folder, metrics: metricsOf(folder) };
}

function share(accuracy, goal, compute) {
  return `${(100 * (accuracy / goal)).toFixed(0)}% of its teachers' ${goal.toFixed(3)} at ${compute.toFixed(2)} times the compute of ${ALONE}`;
}

// Compute, in multiply-adds over 2 N with N the student's parameters: a token costs the student 1 to sample and 3 to learn
// from. The teacher has 4 N: a token costs it 4, to write or to judge.
const reinforced = (run) => 4 * tokensOf(run);
const onPolicy = (run) => 8 * tokensOf(run);

/** Besides what the student learned, every row that the teacher wrote (2 answers to 1,024 prompts), the wrong ones too. */
function offPolicy(run) {
  const [written, learned] = [2 * 1024, 60 * 64];
  return (3 + 4 * (written / learned)) * tokensOf(run);
}

/** Tokens that a run read in training. */
function tokensOf({ output }) {
  return readFileSync(join(output, 'speed.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .reduce((sum, { seconds, tokensPerSecond }) => sum + seconds * tokensPerSecond, 0);
}
