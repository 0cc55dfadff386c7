import { writeFileSync } from 'node:fs';
import { SentencePiece } from '../sentencepiece/sentencepiece.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { type LoadedTokenizer, type LoadOptions, loadTokenizer } from './load.ts';
import { tokensPage } from './page.ts';
import { readText } from './read-text.ts';
import { leftOut, outputFormat, requireFolder, saveTokenizer } from './save.ts';
import { compression, vocabularyStatistics } from './statistics.ts';

export type { AnyTokenizer, LoadedTokenizer, LoadOptions } from './load.ts';
export { loadTokenizer } from './load.ts';
export { tokensPage } from './page.ts';
export { saveTokenizer } from './save.ts';
export type { VocabularyStatistics } from './statistics.ts';
export { compression, vocabularyStatistics } from './statistics.ts';
export type { TrainCommandOptions } from './train.ts';
export { TRAINABLE, trainCommand } from './train.ts';

/** Receives the output of a command, line by line. */
export type Print = (line: string) => void;

/** Options of `encode`. */
export interface EncodeCommandOptions extends LoadOptions {
  /** What special tokens written out in the text become. Default `text`. */
  special?: 'text' | 'allow' | 'refuse';
  /** Print tokens and offsets too, as JSON. */
  json?: boolean;
}

/** `encode`: the ids of a text. */
export function encodeCommand(path: string, text: string, options: EncodeCommandOptions, print: Print): void {
  const { tokenizer } = loadTokenizer(path, options);
  if (tokenizer instanceof SentencePiece && options.special !== undefined && options.special !== 'text') {
    throw new Error(`${path}: SentencePiece never matches control symbols in a text; leave --special out`);
  }
  const encode = { specialTokens: options.special };
  if (options.special === 'refuse') refuseSpecial(tokenizer as Tokenizer, text);
  if (!options.json) print(tokenizer.encodeIds(text, encode).join(' '));
  else {
    const { ids, tokens, offsets } = tokenizer.encode(text, encode);
    print(JSON.stringify({ ids, tokens, offsets }));
  }
}

/** @throws where a special token is written out in a text, in the command's own terms */
function refuseSpecial(tokenizer: Tokenizer, text: string): void {
  try {
    tokenizer.encodeIds(text, { specialTokens: 'refuse' });
  } catch (error) {
    const { message } = error as Error;
    throw new Error(
      message.replace(
        /; pass .*/,
        '; pass --special allow for that token or --special text for its characters',
      ),
    );
  }
}

/** `decode`: the text of ids. */
export function decodeCommand(
  path: string,
  ids: readonly string[],
  options: LoadOptions & { skipSpecial?: boolean },
  print: Print,
): void {
  const { tokenizer } = loadTokenizer(path, options);
  const numbers = ids.map((id) => {
    if (/^\d{1,15}$/.test(id)) return Number(id);
    throw new Error(`decode: ids must be integers >= 0, found ${JSON.stringify(id.slice(0, 40))}`);
  });
  print(tokenizer.decode(numbers, { skipSpecialTokens: options.skipSpecial }));
}

/** Options of `inspect` and `compare`. */
export interface ReportOptions extends LoadOptions {
  /** A file to encode. */
  text?: string;
  /** A page to write that colours the tokens of that file. */
  html?: string;
}

/** `inspect`: what a vocabulary is made of, and how well it compresses a file. */
export function inspectCommand(path: string, options: ReportOptions, print: Print): void {
  requireReport(options);
  const loaded = loadTokenizer(path, options);
  const statistics = vocabularyStatistics(loaded.tokenizer);
  const list = (entries: [unknown, number][]) =>
    entries.map(([what, count]) => `${what}: ${count}`).join(', ');
  const quoted = (tokens: string[]) => tokens.map((token) => JSON.stringify(token)).join(' ');
  print(`${loaded.name}: ${statistics.size} tokens, ${statistics.special} of them special`);
  print(`characters in a token  ${list([...statistics.byLength].sort((a, b) => a[0] - b[0]))}`);
  print(`scripts                ${list([...statistics.byScript].sort((a, b) => b[1] - a[1]))}`);
  print(`longest                ${quoted(statistics.longest)}`);
  print(
    `unreachable            ${statistics.unreachable.length} ${quoted(statistics.unreachable.slice(0, 10))}`.trimEnd(),
  );
  report([loaded], options, print);
}

/** Options of `convert`. */
export interface ConvertCommandOptions extends LoadOptions {
  /** From `.model` to `.json`: put its piece for the beginning before each sequence. */
  bos?: boolean;
  /** From `.model` to `.json`: put its piece for the end after each sequence. */
  eos?: boolean;
}

/** `convert`: reads a tokenizer in one format and writes it in another. */
export function convertCommand(
  path: string,
  out: string,
  options: ConvertCommandOptions,
  print: Print,
): void {
  const { bos, eos } = options;
  outputFormat(out);
  const { tokenizer } = loadTokenizer(path, options);
  if ((bos || eos) && !(tokenizer instanceof SentencePiece && out.endsWith('.json'))) {
    throw new Error('--bos and --eos are for converting a SentencePiece .model to .json; leave them out');
  }
  saveTokenizer(tokenizer, out, { bos, eos });
  print(`${out}: ${tokenizer.vocabSize} tokens`);
  for (const what of leftOut(tokenizer, out)) print(`not in this format: ${what}`);
}

/** `compare`: several tokenizers on one text. */
export function compareCommand(paths: readonly string[], options: ReportOptions, print: Print): void {
  requireReport(options);
  report(
    paths.map((path) => loadTokenizer(path, options)),
    options,
    print,
  );
}

/** Before any work: whether there is a text to show and a place for the page. */
function requireReport({ text, html }: ReportOptions): void {
  if (html === undefined) return;
  if (text === undefined) throw new Error('--html shows the tokens of a text: pass --text FILE');
  requireFolder(html);
}

function report(loaded: LoadedTokenizer[], { text: file, html }: ReportOptions, print: Print): void {
  if (file === undefined) return;
  const text = readText(file);
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
