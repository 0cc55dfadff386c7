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
    .action((options: QuickstartOptions) => runQuickstart(options));
}

/** Runs all stages. */
export async function runQuickstart(_options: QuickstartOptions): Promise<void> {
  throw new Error('quickstart: not part of this build');
}

function seed(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of at most 15 digits.');
}
