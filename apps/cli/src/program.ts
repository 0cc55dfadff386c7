import { readFileSync } from 'node:fs';
import { Command } from 'commander';

/** A sub-command: its line in the overview, and where its code is. It is loaded when it is called. */
interface Entry {
  name: string;
  summary: string;
  load: () => Promise<Command>;
}

const ENTRIES: Entry[] = [
  {
    name: 'quickstart',
    summary: 'train, align, evaluate and chat with a small model, in minutes',
    load: async () => (await import('./quickstart.ts')).quickstartCommand(),
  },
  {
    name: 'train',
    summary: 'run a recipe: pre-training, fine-tuning, preference or reinforcement learning',
    load: async () => (await import('@attune/app-train')).trainCommand(),
  },
  {
    name: 'eval',
    summary: 'score a model on a task, or measure its perplexity on a text',
    load: async () => (await import('@attune/app-eval')).evalCommand(),
  },
  {
    name: 'generate',
    summary: 'complete a prompt, or answer a message',
    load: async () => (await import('./generate-command.ts')).generateCommand(),
  },
  {
    name: 'serve',
    summary: 'serve a model to any OpenAI client, with a page to chat',
    load: async () => (await import('@attune/app-serve')).serveCommand(),
  },
  {
    name: 'tokenizer',
    summary: 'train, use, inspect, compare and convert tokenizers',
    load: async () => (await import('./tokenizer-command.ts')).tokenizerCommand(),
  },
  {
    name: 'data',
    summary: 'look into data sets: columns, lengths, samples; convert and clean them',
    load: async () => (await import('./data-command.ts')).dataCommand(),
  },
  {
    name: 'export',
    summary: 'write a model as ONNX, in another precision, or with its adapters merged',
    load: async () => (await import('./export-command.ts')).exportCommand(),
  },
];

const EXAMPLES = `
Examples:
  attune quickstart                               see the whole thing work, on this machine
  attune train recipe.yaml optimizer.lr=1e-4      run a recipe, with one setting changed
  attune eval runs/sft/model --task gsm8k --data gsm8k_test.jsonl --limit 100
  attune generate runs/sft/model --prompt "Tom has 3 apples"
  attune serve runs/sft/model                     chat at http://127.0.0.1:8000
  attune tokenizer train corpus.txt --out tokenizer.json
  attune data inspect train.jsonl --template chatml
  attune export runs/sft/model --to model.onnx

attune <command> --help tells more about each.
ATTUNE_BACKEND=onnx|tensorflow|wasm|cpu chooses what computes; ATTUNE_DEBUG=1 shows where an error comes from.`;

/** The `attune` command. Its overview loads none of the sub-commands. */
export function program(): Command {
  const root = new Command('attune')
    .description('Build, align, evaluate and serve language models.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .usage('<command> [options]')
    // Without the placeholders that only pass arguments on.
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .enablePositionalOptions()
    .addHelpText('after', EXAMPLES);
  for (const { name, summary, load } of ENTRIES) {
    root
      .command(name)
      .summary(summary)
      .usage('...')
      .argument('[arguments...]')
      // The real command reads its options itself, --help included.
      .helpOption(false)
      .allowUnknownOption()
      .passThroughOptions()
      .action(async (args: string[]) => {
        const command = withPlainErrors(await load());
        command.name(`attune ${name}`);
        // `pnpm quickstart -- --serve` hands the dashes on.
        await command.parseAsync(args[0] === '--' ? args.slice(1) : args, { from: 'user' });
      });
  }
  root
    .command('help')
    .summary('show the help of a command')
    .argument('[command]')
    .action(async (name?: string) => {
      const known = ENTRIES.some((entry) => entry.name === name);
      // An unknown name is refused as the command it would be.
      const args = name === undefined ? ['--help'] : known ? [name, '--help'] : [name];
      await program().parseAsync(args, { from: 'user' });
    });
  return withPlainErrors(root);
}

/** Makes a command throw what is wrong with its arguments, in one line, instead of printing it in its own form. */
function withPlainErrors(command: Command): Command {
  command.exitOverride().configureOutput({ outputError: () => {} });
  for (const child of command.commands) withPlainErrors(child);
  return command;
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}
