import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import {
  compareCommand,
  convertCommand,
  decodeCommand,
  encodeCommand,
  inspectCommand,
  TRAINABLE,
  trainCommand,
} from '@attune/tokenizer/command';
import { Command, Option } from 'commander';
import { number, several, wholeNumber } from './option-parsers.ts';

const EXAMPLES = `
Examples:
  attune tokenizer train corpus.txt --out tokenizer.json --vocab-size 32000 --special "<|endoftext|>"
  attune tokenizer train corpus.txt --out sp.model --model unigram --vocab-size 8000 --byte-fallback
  attune tokenizer encode tokenizer.json "Hello world"         ids; --json for tokens and offsets
  cat book.txt | attune tokenizer encode ./model               a folder with a tokenizer works too
  attune tokenizer decode tokenizer.json 15496 995
  attune tokenizer inspect tokenizer.json --text book.txt --html tokens.html
  attune tokenizer compare a.json b.model c.tiktoken --pattern cl100k --text book.txt
  attune tokenizer convert tokenizer.json gpt2/                vocab.json and merges.txt
  attune tokenizer convert sp.model tokenizer.json             for Hugging Face; encodes the same (and back)

A tokenizer is a folder, or a file by its name: tokenizer.json, vocab.json (with merges.txt beside it), .model
(SentencePiece), .tiktoken, vocab.txt (BERT).`;

const TOKENIZER = 'a tokenizer: file or folder';
const print = (line: string) => console.log(line);

/** `attune tokenizer <train|encode|decode|inspect|convert|compare>`. */
export function tokenizerCommand(): Command {
  return new Command('tokenizer')
    .description('Train, use, inspect, compare and convert tokenizers.')
    .usage('<command> [options]')
    .helpCommand(false)
    .addCommand(train())
    .addCommand(encode())
    .addCommand(decode())
    .addCommand(inspect())
    .addCommand(convert())
    .addCommand(compare())
    .addHelpText('after', EXAMPLES);
}

function train(): Command {
  return new Command('train')
    .summary('learn a tokenizer from files')
    .description('Learn a tokenizer from files of any size, each line a text.')
    .argument('<file...>', 'text files; - is what is piped in')
    .requiredOption(
      '--out <path>',
      'what to write: .json, .tiktoken or folder/ for bpe; .json or .txt; .model, .vocab or .json for the last two models',
    )
    .addOption(new Option('--model <kind>', 'what to learn').choices(TRAINABLE).default('bpe'))
    .option('--vocab-size <number>', 'tokens in the vocabulary', wholeNumber(1), 8000)
    .option('--special <token>', 'a special token; may be given several times', several)
    .option('--min-frequency <number>', 'pairs that are rarer are not joined', wholeNumber(0))
    .option('--pattern <name>', 'how bpe cuts texts: gpt2, cl100k, o200k, llama3, qwen2 (default: gpt2)')
    .option('--no-lowercase', 'wordpiece: keep capitals and accents')
    .option(
      '--character-coverage <share>',
      'share of the characters that get a piece (default: 0.9995)',
      number,
    )
    .option('--byte-fallback', 'spell other characters in bytes')
    .option('--split-digits', 'every digit by itself')
    .option(
      '--no-hard-vocab-limit',
      'unigram, sentencepiece-bpe: take fewer tokens where the corpus gives no more',
    )
    .option(
      '--normalization <rules>',
      'unigram, sentencepiece-bpe: identity, nfkc, nmt_nfkc, nfkc_cf, nmt_nfkc_cf, or a .tsv of rules (default: identity)',
    )
    .option(
      '--threads <number>',
      'threads that count words; the result does not depend on it',
      wholeNumber(1, 256),
      Math.min(8, availableParallelism()),
    )
    .option('--max-words <number>', 'distinct words to keep at most (default: 8000000)', wholeNumber(1000))
    .option('--quiet', 'no progress')
    .action(async (files: string[], { quiet, ...options }) => {
      const progress = quiet || !process.stderr.isTTY ? undefined : progressLine();
      await trainCommand(files, { ...options, onProgress: progress?.show }, (line) => {
        progress?.clear();
        print(line);
      });
    });
}

/** A line on the terminal that is written over. */
function progressLine() {
  let last = 0;
  return {
    show(line: string) {
      if (Date.now() - last < 100) return;
      last = Date.now();
      process.stderr.write(`\r\x1b[K${line}`);
    },
    clear: () => void process.stderr.write('\r\x1b[K'),
  };
}

function encode(): Command {
  return reading('encode', 'print the ids of a text')
    .argument('<tokenizer>', TOKENIZER)
    .argument('[text...]', 'the text (default: what is piped in)')
    .addOption(
      new Option('--special <what>', 'special tokens written out in the text (default: "text")').choices([
        'text',
        'allow',
        'refuse',
      ]),
    )
    .option('--json', 'print ids, tokens and offsets as JSON')
    .action((tokenizer, words: string[], options) => {
      const text = words.length > 0 ? words.join(' ') : readFileSync(0, 'utf8');
      encodeCommand(tokenizer, text, options, print);
    });
}

function decode(): Command {
  return reading('decode', 'print the text of ids')
    .argument('<tokenizer>', TOKENIZER)
    .argument('[id...]', 'the ids (default: what is piped in)')
    .option('--skip-special', 'leave special tokens out')
    .action((tokenizer, ids: string[], options) => {
      const given = ids.length > 0 ? ids : readFileSync(0, 'utf8').split(/\s+/).filter(Boolean);
      decodeCommand(tokenizer, given, options, print);
    });
}

function inspect(): Command {
  return reading('inspect', 'show what a vocabulary is made of')
    .argument('<tokenizer>', TOKENIZER)
    .option('--text <file>', 'say how well it compresses this file')
    .option('--html <file>', 'write a page that colours the tokens of the text')
    .action((tokenizer, options) => inspectCommand(tokenizer, options, print));
}

function convert(): Command {
  return reading('convert', 'write a tokenizer in another format')
    .argument('<tokenizer>', TOKENIZER)
    .argument(
      '<out>',
      '.json, .tiktoken, .txt (BERT), .model, .vocab, or a folder (vocab.json and merges.txt)',
    )
    .option('--bos', '.model to .json: put its piece for the beginning before each sequence')
    .option('--eos', '.model to .json: put its piece for the end after each sequence')
    .action((tokenizer, out, options) => convertCommand(tokenizer, out, options, print));
}

function compare(): Command {
  return reading('compare', 'put tokenizers side by side on a text')
    .argument('<tokenizer...>', 'tokenizers: files or folders')
    .requiredOption('--text <file>', 'the text')
    .option('--html <file>', 'write a page that colours the tokens of the text')
    .action((tokenizers: string[], options) => compareCommand(tokenizers, options, print));
}

/** A sub-command that reads tokenizers. */
function reading(name: string, summary: string): Command {
  return new Command(name)
    .summary(summary)
    .description(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`)
    .option(
      '--pattern <name>',
      'preset or pattern of .tiktoken files: gpt2, cl100k_base, o200k_base, llama3, qwen2 ...',
    )
    .option('--no-lowercase', 'a BERT vocab.txt is of a cased model');
}
