import { writeFileSync } from 'node:fs';
import { useBackend } from '@attune/backend-onnx';
import { loadDataset } from '@attune/data';
import { type EvaluationResult, evaluate, type PerplexityResult, perplexity } from '@attune/eval';
import { loadPretrained, type Pretrained } from '@attune/inference';
import { loadAdapter } from '@attune/models';
import { Command, InvalidArgumentError, Option } from 'commander';
import { languageModel } from './language-model.ts';
import { table } from './table.ts';
import { TASKS, type TaskOptions } from './tasks.ts';

const EXAMPLES = `
Examples:
  attune eval ./model --task gsm8k --data gsm8k_test.jsonl --limit 100
  attune eval ./model --task gsm8k --data gsm8k_test.jsonl --samples 8 --temperature 0.7   pass@1, pass@8, maj@8
  attune eval ./base --task gsm8k --data gsm8k_test.jsonl --examples gsm8k_train.jsonl --shots 4
  attune eval ./model --task word-problems                          the quickstart's held-out problems
  attune eval ./model --task perplexity --data text.txt --stride 256
  attune eval ./model --task gsm8k --data test.jsonl --output scores.json

A problem file has the columns question and answer (which ends in "#### <number>"): JSON Lines, JSON, CSV, Arrow.
Batching changes no score; a seed fixes every sample.`;

interface Options extends TaskOptions {
  task: string;
  samples: number;
  passAt?: number[];
  temperature?: number;
  topP?: number;
  maxTokens: number;
  batch: number;
  stride?: number;
  raw?: boolean;
  adapter?: string;
  json?: boolean;
  output?: string;
}

/** `attune eval <model-dir>`: scores a model on a task, or measures its perplexity on a text. */
export function evalCommand(): Command {
  return new Command('eval')
    .description('Score a model on a task, or measure its perplexity on a text.')
    .argument('<model-dir>', 'folder with config.json, weights and tokenizer.json')
    .addOption(
      new Option('--task <name>', 'what to score')
        .choices([...Object.keys(TASKS), 'perplexity'])
        .makeOptionMandatory(),
    )
    .option('--data <file>', 'the problems, or the text')
    .option('--limit <number>', 'use only the first problems', wholeNumber(1))
    .option(
      '--samples <number>',
      'answers per problem; with several, pass@n and maj@n are reported too',
      wholeNumber(1),
      1,
    )
    .option('--pass-at <k,...>', 'which pass@k to report', numberList)
    .option('--temperature <number>', 'default: 0 for one sample, 1 for several', number)
    .option('--top-p <number>', 'keep the likeliest tokens that reach this probability', number)
    .option('--max-tokens <number>', 'most tokens of an answer', wholeNumber(1), 512)
    .option('--seed <number>', 'fixes every sample', wholeNumber(0), 0)
    .addOption(
      new Option('--mode <mode>', 'gsm8k: the number after ####, or the last one')
        .choices(['strict', 'flexible'])
        .default('strict'),
    )
    .option('--shots <number>', 'solved problems to show before each question', wholeNumber(0), 0)
    .option('--examples <file>', 'where the solved problems come from')
    .option('--raw', 'continue the question as it is, not as a message')
    .option('--stride <number>', 'perplexity: tokens by which windows over long texts move', wholeNumber(1))
    .option('--adapter <folder>', 'LoRA adapters to apply')
    .option('--batch <number>', 'problems asked at once', wholeNumber(1), 32)
    .option('--json', 'print the result as JSON')
    .option('--output <file>', 'write the result, with examples, as JSON')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run(dir: string, options: Options): Promise<void> {
  await useBackend('auto', { quiet: true });
  const pretrained = loadPretrained(dir);
  if (options.adapter) loadAdapter(pretrained.model, options.adapter);
  const result =
    options.task === 'perplexity'
      ? await runPerplexity(pretrained, options)
      : await runTask(pretrained, options);
  const json = JSON.stringify({ model: dir, ...result.json }, null, 2);
  if (options.output) writeFileSync(options.output, `${json}\n`);
  console.log(options.json ? json : result.text);
}

async function runTask(pretrained: Pretrained, options: Options) {
  const { samples, passAt, limit, topP, seed, batch: batchSize, maxTokens: maxNewTokens } = options;
  const { temperature = samples > 1 ? 1 : 0 } = options;
  if (samples > 1 && temperature === 0) {
    throw new Error(
      `--samples ${samples} at temperature 0 would give equal answers: set --temperature above 0`,
    );
  }
  const task = await TASKS[options.task]!(options);
  // Shown examples set the form of the answer; a chat template would break it.
  const model = languageModel(pretrained, { raw: options.raw || options.shots > 0, maxNewTokens });
  const result = await evaluate(model, task, {
    samples,
    passAt,
    limit,
    temperature,
    topP,
    seed,
    batchSize,
    maxNewTokens,
    onProgress: showProgress,
  });
  return { json: result, text: scoreTable(result) };
}

async function runPerplexity(pretrained: Pretrained, { data, limit, stride }: Options) {
  if (data === undefined) throw new Error('--task perplexity needs --data with a text');
  const texts = Array.from(await loadDataset(data), ({ text }, i) => {
    if (typeof text !== 'string') throw new Error(`${data}: row ${i} has no text`);
    return text;
  });
  const result = await perplexity(languageModel(pretrained, { stride }), texts.slice(0, limit));
  return { json: { task: 'perplexity', ...result }, text: perplexityTable(result) };
}

function scoreTable({ task, problems, samples, scores }: EvaluationResult): string {
  const percent = (value: number) => `${(100 * value).toFixed(1)}%`;
  const rows = Object.entries(scores).map(([name, { value, low, high }]) => [
    name,
    percent(value),
    `${percent(low)} to ${percent(high)}`,
  ]);
  const heading = `${task}: ${problems} problems, ${samples} ${samples === 1 ? 'answer' : 'answers'} each`;
  return `${heading}\n\n${table([['score', 'value', '95% interval'], ...rows])}`;
}

function perplexityTable({ perplexity: value, bitsPerByte, tokens, bytes }: PerplexityResult): string {
  return table([
    ['perplexity', 'bits/byte', 'tokens', 'bytes'],
    [value.toFixed(3), bitsPerByte.toFixed(4), String(tokens), String(bytes)],
  ]);
}

function showProgress(done: number, problems: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(done < problems ? `\r${done} of ${problems} problems` : '\r\u001b[K');
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    if (/^\d{1,15}$/.test(text) && Number(text) >= least) return Number(text);
    throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
  };
}

function number(text: string): number {
  if (text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  throw new InvalidArgumentError('It must be a number.');
}

function numberList(text: string): number[] {
  return text.split(',').map(wholeNumber(1));
}
