import { existsSync, readFileSync, statSync } from 'node:fs';
import { ChatTemplate, type TemplateName } from '@attune/data';
import { convertCommand, inspectCommand } from '@attune/data/command';
import { Command, Option } from 'commander';
import { dataPlanCommand } from './data-plan-command.ts';
import { several, wholeNumber } from './option-parsers.ts';

const EXAMPLES = `
Examples:
  attune data inspect train.jsonl                                columns, lengths, samples
  attune data inspect train.jsonl --template qwen3 --html report.html
  attune data inspect "shards/*.tar" --limit 1000 --samples 0
  attune data inspect chat.parquet --template ./model --tokenizer ./model   lengths in tokens
  attune data convert train.jsonl.gz --to train.parquet
  attune data convert a.csv b.csv --to all.jsonl --dedup near --shuffle 1
  attune data convert train.jsonl --to clean.jsonl --decontaminate test.jsonl
  attune data plan clips.jsonl --manifest train.manifest --ranks 8
  attune data plan train.manifest --strategy balanced --gap 0.2 --out plan.arrow

Data are files (.jsonl .json .csv .tsv .txt, also .gz and .zst; .parquet .arrow .tar), patterns, or folders.`;

const DATA = 'files, patterns with *, or folders';
const TYPES = ['jsonl', 'json', 'csv', 'tsv', 'text', 'parquet', 'arrow', 'webdataset', 'media'];
const print = (line: string) => console.log(line);

/** `attune data <inspect|convert|plan>`. */
export function dataCommand(): Command {
  return new Command('data')
    .description('Look into data sets, convert them, and plan batches of speech.')
    .usage('<command> [options]')
    .helpCommand(false)
    .addCommand(inspect())
    .addCommand(convert())
    .addCommand(dataPlanCommand())
    .addHelpText('after', EXAMPLES);
}

function reading(command: Command): Command {
  return command
    .argument('<data...>', DATA)
    .addOption(new Option('--type <type>', 'what the files are (default: by their names)').choices(TYPES))
    .option('--lines', 'of text files, each line is a row')
    .option('--limit <number>', 'most rows', wholeNumber(1))
    .option('--skip-invalid', 'leave out rows that cannot be read, and count them');
}

function inspect(): Command {
  return reading(new Command('inspect'))
    .description('Show what data hold: columns, lengths, and samples as a model sees them.')
    .option(
      '--template <name>',
      `a chat template: ${ChatTemplate.names.join(', ')}, a model folder, or a file`,
    )
    .option('--tokenizer <path>', 'count lengths in tokens of this tokenizer')
    .option('--samples <number>', 'rows to show', wholeNumber(0), 3)
    .option('--seed <number>', 'which rows', wholeNumber(0), 0)
    .option('--html <file>', 'write a page, too')
    .action(async (paths: string[], options) => {
      await inspectCommand({
        ...options,
        paths,
        sampleBy: options.lines ? 'line' : 'document',
        template: options.template === undefined ? undefined : readTemplate(options.template),
        countTokens: options.tokenizer && (await tokenCounter(options.tokenizer)),
        color: process.stdout.isTTY === true && !process.env.NO_COLOR,
        print,
        onProgress: showRows,
      });
    });
}

function convert(): Command {
  return reading(new Command('convert'))
    .description('Write data as another type of file, cleaned where asked.')
    .requiredOption('--to <file>', 'ends in .jsonl, .jsonl.gz, .parquet or .arrow')
    .option('--normalize', 'write conversations as messages, preferences as prompt, chosen, rejected')
    .addOption(new Option('--dedup <how>', 'leave out rows that came before').choices(['exact', 'near']))
    .option(
      '--decontaminate <file>',
      'leave out rows that share 13 words in a row with it (repeatable)',
      several,
    )
    .option('--quality', 'leave out texts that break the rules of Gopher')
    .option('--shuffle <seed>', 'in random order', wholeNumber(0))
    .action(async (paths: string[], options) => {
      const sampleBy = options.lines ? 'line' : 'document';
      await convertCommand({ ...options, paths, sampleBy, print, onProgress: showRows });
      clearLine();
    });
}

function readTemplate(name: string): ChatTemplate {
  if ((ChatTemplate.names as readonly string[]).includes(name))
    return ChatTemplate.named(name as TemplateName);
  if (!existsSync(name))
    throw new Error(`--template ${name}: is no file or folder, nor one of ${ChatTemplate.names.join(', ')}`);
  if (!statSync(name).isDirectory()) return new ChatTemplate(readFileSync(name, 'utf8'));
  const template = ChatTemplate.load(name);
  if (!template) throw new Error(`--template ${name}: the folder holds no chat template`);
  return template;
}

async function tokenCounter(path: string): Promise<(text: string) => number> {
  const { loadTokenizer } = await import('@attune/tokenizer/command');
  const { tokenizer } = loadTokenizer(path);
  return (text) => tokenizer.encodeIds(text).length;
}

function showRows(rows: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${rows.toLocaleString('en-US')} rows`);
}

function clearLine(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}
