import { readFileSync } from 'node:fs';
import { useBackend } from '@attune/backend-onnx';
import { type GenerateOptions, generate, loadPretrained, type Pretrained, stream } from '@attune/inference';
import { loadAdapter } from '@attune/models';
import { Command } from 'commander';
import { number, several, wholeNumber } from './option-parsers.ts';

const EXAMPLES = `
Examples:
  attune generate ./model --prompt "Once upon a time"
  attune generate ./model --prompt "What is 12 + 30?" --system "Be brief."
  attune generate ./model --prompt "2 + 2 =" --temperature 0      the likeliest answer
  attune generate ./model --prompt "An idea:" --n 4 --seed 1      four answers, the same each time
  echo "The capital of France is" | attune generate ./model --max-tokens 5
  attune generate ./model --prompt "x" --json                     tokens and log-probabilities

A model with a chat template gets the prompt as a message; --raw continues it as it is.`;

interface Options {
  prompt?: string;
  raw?: boolean;
  system?: string;
  adapter?: string;
  maxTokens: number;
  n: number;
  stop?: string[];
  seed?: number;
  json?: boolean;
  temperature?: number;
  topK?: number;
  topP?: number;
  minP?: number;
  repetitionPenalty?: number;
}

/** `attune generate <model-dir>`. */
export function generateCommand(): Command {
  return new Command('generate')
    .description('Answer a message or complete a text, shown as it is generated.')
    .argument('<model-dir>', 'folder with config.json, weights and tokenizer.json')
    .option('--prompt <text>', 'what to answer or complete (default: what is piped in)')
    .option('--system <text>', 'system message before the prompt')
    .option('--raw', 'continue the prompt as it is, without the chat template')
    .option('--adapter <folder>', 'LoRA adapters to apply')
    .option('--max-tokens <number>', 'most tokens to generate', wholeNumber(1), 128)
    .option(
      '--temperature <number>',
      '0 takes the likeliest token; higher is more varied (default: the model’s, else 1)',
      number,
    )
    .option('--top-k <number>', 'keep the k likeliest tokens', wholeNumber(0))
    .option('--top-p <number>', 'keep the likeliest tokens that reach this probability', number)
    .option('--min-p <number>', 'keep tokens at least this many times as likely as the likeliest', number)
    .option('--repetition-penalty <number>', 'above 1 discourages what was said before', number)
    .option('--stop <text>', 'end at this text; may be given several times', several)
    .option('--n <number>', 'answers to sample', wholeNumber(1), 1)
    .option(
      '--seed <number>',
      'makes the answers repeatable (default: another one each time)',
      wholeNumber(0),
    )
    .option('--json', 'print one JSON object for each answer')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run(dir: string, options: Options): Promise<void> {
  const text = options.prompt ?? readPiped();
  await useBackend('auto', { quiet: true });
  const pretrained = loadPretrained(dir);
  if (options.adapter) loadAdapter(pretrained.model, options.adapter);
  const prompt = encodePrompt(dir, pretrained, text, options);
  const settings = generateOptions(pretrained, options);
  if (options.json) return printJson(pretrained, prompt, settings);
  if (options.n > 1) return printAll(pretrained, prompt, settings);
  for await (const { text: piece } of stream(pretrained.model, prompt, settings)) process.stdout.write(piece);
  process.stdout.write('\n');
}

function generateOptions({ text, stopIds, sampling }: Pretrained, options: Options): GenerateOptions {
  const { maxTokens, n, stop, seed, temperature, topK, topP, minP, repetitionPenalty } = options;
  const given = Object.entries({ temperature, topK, topP, minP, repetitionPenalty });
  return {
    ...sampling,
    ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
    maxNewTokens: maxTokens,
    n,
    stop,
    stopIds,
    tokenizer: text,
    seed: seed ?? Math.floor(Math.random() * 2 ** 32),
  };
}

function encodePrompt(
  dir: string,
  { tokenizer, prompts }: Pretrained,
  text: string,
  { raw, system }: Options,
): number[] {
  const chat = prompts.template !== undefined && !raw;
  if (!chat && system !== undefined) {
    throw new Error(
      raw ? '--system is for messages, --raw for plain text' : `${dir}: has no chat template for --system`,
    );
  }
  if (!chat) return tokenizer.encodeIds(text, { specialTokens: 'allow' });
  const user = { role: 'user', content: text };
  return prompts.encode(system === undefined ? [user] : [{ role: 'system', content: system }, user]);
}

async function printAll({ model }: Pretrained, prompt: number[], settings: GenerateOptions): Promise<void> {
  const generations = await generate(model, [prompt], settings);
  for (const { sample, text } of generations) process.stdout.write(`--- ${sample + 1}\n${text}\n`);
}

async function printJson({ model }: Pretrained, prompt: number[], settings: GenerateOptions): Promise<void> {
  for (const generation of await generate(model, [prompt], settings)) {
    const { text, ids, logProbs, finishReason } = generation;
    process.stdout.write(`${JSON.stringify({ text, finishReason, ids, logProbs })}\n`);
  }
}

function readPiped(): string {
  if (process.stdin.isTTY) throw new Error('no prompt: give --prompt "text", or pipe a text in');
  return readFileSync(0, 'utf8').replace(/\n$/, '');
}
