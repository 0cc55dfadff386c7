import { consoleProgress, loadRecipe, train } from '@attune/trainer';
import { Command } from 'commander';

const HELP = `
A recipe is a YAML file:

  model: { layers: 4, heads: 4, width: 128, context: 256 }    a new model, or { path: folder } in Hugging Face layout
  adapter: { rank: 8, alpha: 16 }                             train LoRA adapters instead of every weight
  tokenizer: { vocabSize: 4096 }                              trained on the data, or { path: tokenizer.json }
  data:
    train: { path: problems.jsonl }                           jsonl, json, csv, txt, arrow; .gz too
    validation: { fraction: 0.1 }                             held out, or a path of its own
  algorithm: sft                                              or dpo, grpo, or a package: '@acme/my-loss'
  optimizer: { name: adamw, lr: 1e-3 }                        or adam, sgd, lion, adafactor, muon
  schedule: { name: cosine, steps: 1000, warmup: 50 }         or constant, linear, wsd; epochs instead of steps
  batch: { size: 32, micro: 8 }                               micro-batches add up exactly
  rewards: [{ name: gsm8k }]                                  what grpo learns from
  rollout: { prompts: 16, answers: 8 }
  evaluation: { every: 100 }
  checkpoint: { every: 100, keep: 2 }

Any key can be given on the command line. Misspelt keys are refused with the nearest known one.

Examples:
  attune train recipe.yaml
  attune train recipe.yaml optimizer.lr=3e-4 schedule.steps=500 seed=7
  attune train recipe.yaml data.train.path=mine.jsonl --output runs/mine
  attune train recipe.yaml --resume                           go on after an interruption, to the same bits

The run's folder holds model/ (Hugging Face layout: attune generate, eval and serve take it), report.html,
metrics.jsonl, samples.jsonl, events/ (tensorboard --logdir) and checkpoints/.`;

interface Options {
  output?: string;
  resume?: boolean;
  quiet?: boolean;
}

/** `attune train <recipe.yaml> [key=value ...]`. */
export function trainCommand(): Command {
  return new Command('train')
    .description('Run a recipe: pre-training, fine-tuning, preference or reinforcement learning.')
    .argument('<recipe>', 'YAML file')
    .argument('[overrides...]', 'key=value, e.g. batch.size=8')
    .option('--output <folder>', "folder of the run (default: the recipe's, else runs/<name>)")
    .option('--resume', 'go on from the last checkpoint in the folder, or begin when there is none')
    .option('--quiet', 'show no progress')
    .addHelpText('after', HELP)
    .action(runTrain);
}

async function runTrain(path: string, overrides: string[], options: Options): Promise<void> {
  const loaded = loadRecipe(path, overrides);
  const { logEvery } = loaded.recipe.output;
  const callbacks = options.quiet ? [] : [consoleProgress(process.stderr, { logEvery })];
  const interruption = new AbortController();
  // The first Ctrl-C ends after the step at hand, with a checkpoint; the second ends at once.
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const { output, resume } = options;
    const { stopped } = await train(loaded, { output, resume, callbacks, signal: interruption.signal });
    if (stopped !== undefined) throw new Error(stopped);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}
