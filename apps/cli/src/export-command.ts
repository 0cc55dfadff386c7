import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exportOnnx, useBackend } from '@attune/backend-onnx';
import { CausalLM, type SaveOptions } from '@attune/models';
import { type Tensor2D, zeros } from '@tensorflow/tfjs-core';
import { Command, Option } from 'commander';
import { withAdapters } from './merge-adapters.ts';
import { wholeNumber } from './option-parsers.ts';

const EXAMPLES = `
Examples:
  attune export ./model --to model.onnx --length 256         input_ids [1, 256] in, logits out
  attune export ./model --to ./half --dtype bfloat16         a Hugging Face folder at half the size
  attune export ./base --merge-lora ./adapter --to ./merged  adapters added to the weights
  attune export ./base --merge-lora ./sft ./dpo --to ./both  changes of several, merged by signs (TIES)`;

/** Files beside the weights that a folder needs to be used. */
const COMPANIONS = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'generation_config.json',
];

interface Options {
  to: string;
  mergeLora?: string[];
  mergeMethod: 'linear' | 'ties';
  dtype?: SaveOptions['dtype'];
  maxShardBytes?: number;
  length?: number;
  batch: number;
}

/** `attune export <model-dir>`. */
export function exportCommand(): Command {
  return new Command('export')
    .description('Write a model in another form: an .onnx file, or a Hugging Face folder.')
    .argument('<model-dir>', 'folder with config.json and weights')
    .requiredOption('--to <path>', 'a file that ends in .onnx, or else a folder')
    .option('--merge-lora <folders...>', 'add these LoRA adapters to the weights')
    .addOption(
      new Option('--merge-method <name>', 'how several adapters become one: added up, or merged by signs')
        .choices(['linear', 'ties'])
        .default('ties'),
    )
    .addOption(
      new Option('--dtype <type>', 'precision of the weights in a folder (default: float32)').choices([
        'float32',
        'float16',
        'bfloat16',
      ]),
    )
    .option(
      '--max-shard-bytes <number>',
      'split the weights of a folder into files of this size',
      wholeNumber(1),
    )
    .option(
      '--length <number>',
      'tokens a row of the .onnx file takes (default: the context, at most 128)',
      wholeNumber(1),
    )
    .option('--batch <number>', 'rows the .onnx file takes', wholeNumber(1), 1)
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run(dir: string, options: Options): Promise<void> {
  const toOnnx = options.to.endsWith('.onnx');
  if (toOnnx && options.dtype) throw new Error('--dtype is for folders; an .onnx file holds float32');
  if (resolve(dir) === resolve(options.to))
    throw new Error(`--to ${options.to} is the model itself: name another folder`);
  await useBackend(toOnnx ? 'onnx' : 'auto', { quiet: true });
  const { mergeLora: adapters, mergeMethod } = options;
  const model = adapters ? withAdapters(dir, adapters, mergeMethod) : CausalLM.load(dir);
  if (toOnnx) writeOnnx(model, options);
  else writeFolder(dir, model, options);
  console.log(`wrote ${options.to}`);
}

function writeOnnx(model: CausalLM, { to, batch, length }: Options): void {
  const context = model.config.max_position_embeddings;
  const seq = length ?? Math.min(context, 128);
  if (seq > context)
    throw new Error(`--length must be at most the model's context of ${context} tokens, found ${seq}`);
  const forward = ({ input_ids }: { input_ids: Tensor2D }) => ({
    logits: model.logits({ inputIds: input_ids }),
  });
  const input_ids = zeros([batch, seq], 'int32') as Tensor2D;
  const bytes = exportOnnx(forward, [{ input_ids }]);
  writeFileSync(to, bytes);
}

function writeFolder(dir: string, model: CausalLM, { to, dtype, maxShardBytes }: Options): void {
  model.save(to, { dtype, maxShardBytes });
  for (const file of COMPANIONS) {
    if (existsSync(join(dir, file))) copyFileSync(join(dir, file), join(to, file));
  }
}
