import { planCommand } from '@attune/data/command';
import { Command, Option } from 'commander';
import { number, wholeNumber } from './option-parsers.ts';

/** `attune data plan`. */
export function dataPlanCommand(): Command {
  return new Command('plan')
    .description(
      'Say what duration buckets and concatenation will give for speech, before any audio is touched.',
    )
    .argument('<data...>', 'a manifest folder, or files whose rows have a duration in seconds')
    .option('--ranks <number>', 'processes that share an epoch', wholeNumber(1), 1)
    .option('--budget <seconds>', 'a batch on one rank, padding included', number, 600)
    .option('--quadratic <seconds>', 'also count attention: a clip of d seconds costs d + d² / this', number)
    .option('--batch-size <number>', 'clips of a plain batch, to compare with', wholeNumber(1), 32)
    .addOption(
      new Option('--strategy <name>', 'how to merge').choices(['knapsack', 'balanced']).default('knapsack'),
    )
    .option('--maximum <seconds>', 'that no example exceeds', number, 30)
    .option('--minimum <seconds>', 'that knapsack fills examples to (default: 5/6 of the maximum)', number)
    .option('--gap <seconds>', 'silence between clips', number, 0)
    .option('--across-languages', 'merge clips of different languages and regions, too')
    .option('--across-speakers', 'merge clips of different speakers, too')
    .addOption(
      new Option('--overlong <what>', 'what becomes of clips that exceed the maximum')
        .choices(['error', 'skip', 'alone'])
        .default('error'),
    )
    .option('--seed <number>', 'which plan', wholeNumber(0), 0)
    .option('--skip-invalid', 'leave out rows without a valid duration, and count them')
    .option('--manifest <folder>', 'write a manifest of the files, for training')
    .option('--out <file>', 'write the plan as an Arrow file')
    .action(async (paths: string[], options) => {
      const { strategy, maximum, minimum, gap, overlong, acrossLanguages, acrossSpeakers } = options;
      try {
        await planCommand({
          ...options,
          paths,
          concatenation: {
            strategy,
            maximum,
            ...(minimum === undefined ? {} : { minimum }),
            gap,
            overlong,
            across: { languages: acrossLanguages ?? false, speakers: acrossSpeakers ?? false },
          },
          print: (line) => {
            clearBar();
            console.log(line);
          },
          onProgress: showBar,
        });
      } finally {
        clearBar();
      }
    });
}

const WIDTH = 30;

/** A bar on the terminal, or a number where the total is not known. */
function showBar(what: string, done: number, total?: number): void {
  if (!process.stderr.isTTY) return;
  if (total === undefined) process.stderr.write(`\r${what}: ${done.toLocaleString('en-US')} rows`);
  else {
    const full = Math.round((WIDTH * done) / total);
    const bar = `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)}`;
    process.stderr.write(`\r${what} ${bar} ${Math.round((100 * done) / total)}%`);
  }
}

function clearBar(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}
