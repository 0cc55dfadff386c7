import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { languageModel } from '@attune/app-eval';
import { startServer } from '@attune/app-serve';
import { wordProblems } from '@attune/data';
import { type EvaluationResult, evaluate, readRun, wordProblemsTask, writeReport } from '@attune/eval';
import { loadPretrained } from '@attune/inference';
import { consoleProgress, loadRecipe, train } from '@attune/trainer';
import { Command, InvalidArgumentError } from 'commander';

const EXAMPLES = `
Examples:
  attune quickstart                    everything, in at most five minutes
  attune quickstart --serve            and a chat with the model at the end
  attune quickstart --seed 2           other problems, another model, the same outcome
  attune quickstart --smoke            the same path in seconds, too short to learn anything`;

/** What the quickstart is told. */
export interface QuickstartOptions {
  /** Fixes the problems, the weights and every draw. */
  seed: number;
  /** Shortens every stage to a few steps. */
  smoke: boolean;
  /** Serves the model at the end. */
  serve: boolean;
  /** Folder of the run. */
  output: string;
}

/** Held-out problems that the scores are measured on, and answers sampled for each. */
const PROBLEMS = 200;
const SAMPLES = 8;

/** What `--smoke` changes in both recipes: every part runs, none long enough to learn. */
const SMOKE = [
  'data.train.count=256',
  'data.validation.count=16',
  'schedule.steps=4',
  'schedule.warmup=1',
  'checkpoint.every=2',
  'evaluation.every=4',
  'output.logEvery=1',
];

/** `attune quickstart`. */
export function quickstartCommand(): Command {
  return new Command('quickstart')
    .description(
      'Make up arithmetic word problems, train a tokenizer and a small model on them, improve it by reinforcement learning, and score it.',
    )
    .option('--serve', 'chat with the model at the end', false)
    .option('--seed <number>', 'fixes everything that is random', seed, 1)
    .option('--smoke', 'a few steps of each stage only', false)
    .option('--output <folder>', 'where the run is written', 'runs/quickstart')
    .addHelpText('after', EXAMPLES)
    .action(runQuickstart);
}

/** Runs all stages, writes the report, and prints the scores in one last line. */
export async function runQuickstart({ seed, smoke, serve, output }: QuickstartOptions): Promise<void> {
  const start = performance.now();
  const stage = async (name: 'sft' | 'grpo', title: string, overrides: string[]) => {
    console.log(`\n${title}`);
    const path = fileURLToPath(new URL(`../recipes/quickstart-${name}.yaml`, import.meta.url));
    const loaded = loadRecipe(path, [`seed=${seed}`, ...(smoke ? SMOKE : []), ...overrides]);
    const { logEvery } = loaded.recipe.output;
    const folder = join(output, name);
    const { stopped, model } = await train(loaded, {
      output: folder,
      resume: true,
      callbacks: [consoleProgress(process.stdout, { logEvery })],
    });
    if (stopped !== undefined) throw new Error(stopped);
    return { folder, model: model!, difficulty: loaded.recipe.data.train.difficulty };
  };

  const sft = await stage('sft', '1. Learn from worked solutions', []);
  const rl = await stage('grpo', '2. Learn from trial and error: only the answers are checked', [
    `model.path=${resolve(sft.model)}`,
    ...(smoke ? ['rollout.prompts=4', 'rollout.answers=4', 'batch.size=16', 'batch.micro=16'] : []),
  ]);

  console.log(
    `\n3. Score both on ${smoke ? 16 : PROBLEMS} problems that neither has seen, ${SAMPLES} answers each`,
  );
  const problems = wordProblems({
    count: smoke ? 16 : PROBLEMS,
    seed,
    split: 'test',
    difficulty: sft.difficulty,
  });
  const score = (folder: string) =>
    evaluate(languageModel(loadPretrained(folder)), wordProblemsTask(problems), {
      samples: SAMPLES,
      temperature: 1,
      maxNewTokens: 48,
      seed,
    });
  const before = await score(sft.model);
  const after = await score(rl.model);
  for (const [name, { scores }] of [
    ['sft', before],
    ['rl', after],
  ] as const) {
    const shown = Object.entries(scores).map(([metric, { value }]) => `${metric} ${value.toFixed(2)}`);
    console.log(`${name.padEnd(3)}  ${shown.join('  ')}`);
  }
  const report = writeReport(output, {
    title: 'Attune quickstart',
    subtitle:
      'A transformer learns arithmetic word problems, first from solutions, then from its own attempts',
    scores: [
      { name: 'after supervised fine-tuning', scores: before.scores },
      { name: 'after reinforcement learning', scores: after.scores },
    ],
    runs: [readRun(sft.folder, 'sft'), readRun(rl.folder, 'rl')],
  });
  console.log(`\nreport: ${report}\nmodel:  ${rl.model}\n`);
  console.log(summary(before, after, (performance.now() - start) / 1000));

  if (serve) {
    const server = await startServer(rl.model, {
      page: { singleTurn: true, suggestions: problems.slice(0, 3).map((problem) => problem.question) },
    });
    console.log(`chat at ${server.url}, OpenAI API at ${server.url}/v1; Ctrl-C ends`);
  }
}

function summary(before: EvaluationResult, after: EvaluationResult, seconds: number): string {
  const pass = (result: EvaluationResult) => result.scores['pass@1']!.value.toFixed(2);
  const majority = after.scores[`maj@${SAMPLES}`]!.value.toFixed(2);
  return `quickstart: sft pass@1 ${pass(before)}, rl pass@1 ${pass(after)}, maj@${SAMPLES} ${majority}, ${seconds.toFixed(0)} s`;
}

function seed(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of at most 15 digits.');
}
