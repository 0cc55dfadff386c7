import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { toBertVocab } from '../formats/bert.ts';
import { toTiktoken } from '../formats/tiktoken.ts';
import { SentencePiece } from '../sentencepiece/sentencepiece.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { trainBPE } from '../train/train-bpe.ts';
import { trainUnigram } from '../train/train-unigram.ts';
import { trainWordPiece } from '../train/train-word-piece.ts';
import { type LoadedTokenizer, loadTokenizer } from './load.ts';
import { tokensPage } from './page.ts';
import { compression, vocabularyStatistics } from './statistics.ts';

const USAGE = `attune tokenizer <command>

  train FILE... --out FILE [--model bpe|unigram|wordpiece] [--vocab-size N] [--special TOKEN]...
  encode TOKENIZER [TEXT]            ids of the text, or of standard input
  decode TOKENIZER ID...             text of the ids
  inspect TOKENIZER [--text FILE] [--html FILE]
  convert TOKENIZER OUT              .json, .model, .tiktoken or .txt by the name of OUT
  compare TOKENIZER TOKENIZER... --text FILE [--html FILE]

  TOKENIZER is a .json, .model, .tiktoken (with --pattern gpt2|cl100k|o200k|llama3|qwen2) or BERT .txt file.`;

interface Options {
  out?: string;
  model?: string;
  'vocab-size'?: string;
  special?: string[];
  text?: string;
  html?: string;
  pattern?: string;
}

/**
 * The command `attune tokenizer`.
 * @param args what follows `attune tokenizer` on the command line
 * @param print receives the output, line by line
 * @throws with a message for the user where the arguments or files are wrong
 */
export function tokenizerCommand(args: readonly string[], print: (line: string) => void = console.log): void {
  const [command, ...rest] = args;
  const commands: Record<string, (operands: string[], options: Options) => void> = {
    train: (operands, options) => train(operands, options, print),
    encode: (operands, options) => encode(operands, options, print),
    decode: (operands, options) => decode(operands, options, print),
    inspect: (operands, options) => inspect(operands, options, print),
    convert: (operands, options) => convert(operands, options, print),
    compare: (operands, options) => compare(operands, options, print),
  };
  const run = command !== undefined && Object.hasOwn(commands, command) ? commands[command] : undefined;
  if (!run) {
    if (command === undefined || command === 'help' || command === '--help') {
      print(USAGE);
      return;
    }
    throw new Error(`tokenizer: must be one of ${Object.keys(commands).join(', ')}, found ${command}`);
  }
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: rest,
    allowPositionals: true,
    options: {
      out: text,
      model: text,
      'vocab-size': text,
      special: { ...text, multiple: true },
      text,
      html: text,
      pattern: text,
    },
  });
  run(positionals, values);
}

type Print = (line: string) => void;

function operand(operands: string[], index: number, name: string): string {
  const value = operands[index];
  if (value === undefined) throw new Error(`tokenizer: ${name} is missing\n\n${USAGE}`);
  return value;
}

function train(files: string[], { out, model = 'bpe', special, ...options }: Options, print: Print): void {
  operand(files, 0, 'FILE to train on');
  if (!out) throw new Error('tokenizer train: --out FILE is missing');
  const vocabSize = Number(options['vocab-size'] ?? 8000);
  if (!Number.isInteger(vocabSize) || vocabSize < 1) {
    throw new Error(`tokenizer train: --vocab-size must be an integer > 0, found ${options['vocab-size']}`);
  }
  const lines = function* () {
    for (const file of files) yield* readFileSync(file, 'utf8').split(/(?<=\n)/);
  };
  const trainers: Record<string, () => Tokenizer | SentencePiece> = {
    bpe: () => trainBPE(lines(), { vocabSize, specialTokens: special }),
    unigram: () => trainUnigram(lines(), { vocabSize, controlSymbols: special }),
    wordpiece: () => trainWordPiece(lines(), { vocabSize }),
  };
  const trainer = Object.hasOwn(trainers, model) ? trainers[model] : undefined;
  if (!trainer) throw new Error(`tokenizer train: --model must be bpe, unigram or wordpiece, found ${model}`);
  const tokenizer = trainer();
  save(tokenizer, out);
  print(`${out}: ${tokenizer.vocabSize} tokens`);
}

function encode(operands: string[], { pattern }: Options, print: Print): void {
  const { tokenizer } = loadTokenizer(operand(operands, 0, 'TOKENIZER'), pattern);
  const text = operands.length > 1 ? operands.slice(1).join(' ') : readFileSync(0, 'utf8');
  print(tokenizer.encodeIds(text).join(' '));
}

function decode(operands: string[], { pattern }: Options, print: Print): void {
  const { tokenizer } = loadTokenizer(operand(operands, 0, 'TOKENIZER'), pattern);
  const given =
    operands.length > 1 ? operands.slice(1) : readFileSync(0, 'utf8').split(/\s+/).filter(Boolean);
  const ids = given.map((id) => {
    if (!/^\d+$/.test(id))
      throw new Error(`tokenizer decode: ids must be integers, found ${JSON.stringify(id)}`);
    return Number(id);
  });
  print(tokenizer.decode(ids));
}

function inspect(operands: string[], options: Options, print: Print): void {
  const loaded = loadTokenizer(operand(operands, 0, 'TOKENIZER'), options.pattern);
  const statistics = vocabularyStatistics(loaded.tokenizer);
  const list = (entries: [unknown, number][]) =>
    entries.map(([what, count]) => `${what}: ${count}`).join(', ');
  print(`${loaded.name}: ${statistics.size} tokens, ${statistics.special} of them special`);
  print(`characters in a token  ${list([...statistics.byLength].sort((a, b) => a[0] - b[0]))}`);
  print(`scripts                ${list([...statistics.byScript].sort((a, b) => b[1] - a[1]))}`);
  print(`longest                ${statistics.longest.map((token) => JSON.stringify(token)).join(' ')}`);
  const shown = statistics.unreachable.slice(0, 10).map((token) => JSON.stringify(token));
  print(`unreachable            ${statistics.unreachable.length} ${shown.join(' ')}`.trimEnd());
  if (options.text) report([loaded], options, print);
}

function convert(operands: string[], { pattern }: Options, print: Print): void {
  const { tokenizer } = loadTokenizer(operand(operands, 0, 'TOKENIZER'), pattern);
  const out = operand(operands, 1, 'OUT');
  save(tokenizer, out);
  print(`${out}: ${tokenizer.vocabSize} tokens`);
}

function compare(operands: string[], options: Options, print: Print): void {
  operand(operands, 0, 'TOKENIZER');
  if (!options.text) throw new Error('tokenizer compare: --text FILE is missing');
  const loaded = operands.map((file) => loadTokenizer(file, options.pattern));
  report(loaded, options, print);
}

function report(loaded: LoadedTokenizer[], { text: file, html }: Options, print: Print): void {
  const text = readFileSync(file!, 'utf8');
  const width = Math.max(...loaded.map(({ name }) => name.length));
  for (const { name, tokenizer } of loaded) {
    const { bytes, tokens, bytesPerToken } = compression(tokenizer, text);
    print(
      `${name.padEnd(width)}  ${bytes} bytes, ${tokens} tokens, ${bytesPerToken.toFixed(3)} bytes a token`,
    );
  }
  if (!html) return;
  writeFileSync(html, tokensPage(loaded, text));
  print(html);
}

function save(tokenizer: Tokenizer | SentencePiece, out: string): void {
  if (tokenizer instanceof SentencePiece) {
    if (!out.endsWith('.model')) throw new Error(`${out}: a SentencePiece tokenizer is written as .model`);
    writeFileSync(out, tokenizer.toModel());
  } else if (out.endsWith('.json')) writeFileSync(out, `${JSON.stringify(tokenizer, null, 2)}\n`);
  else if (out.endsWith('.tiktoken')) writeFileSync(out, toTiktoken(tokenizer));
  else if (out.endsWith('.txt')) writeFileSync(out, toBertVocab(tokenizer));
  else throw new Error(`${out}: must end in .json, .tiktoken or .txt`);
}
