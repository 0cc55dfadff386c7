import {
  ChatTemplate,
  countTargets,
  type Example,
  ExampleEncoder,
  LengthLimit,
  pack,
  type Row,
  splitBlocks,
  type TokenSequence,
} from '@attune/data';
import { generatedText, type TextDecoder } from '@attune/inference';
import type { Tokenizer } from '@attune/tokenizer';
import { UserError } from '../errors.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { DataRecord } from './records.ts';
import { specialTokens } from './tokenizer.ts';

/** An example as tokens. */
export interface EncodedExample {
  /** One sequence; for a pair the chosen and the rejected one; for a packed row all that share it. */
  sequences: readonly TokenSequence[];
  name: string;
  /** Unpaired data: 1 or 0. */
  desirable?: number;
}

/** A prompt to sample answers for. */
export interface EncodedPrompt {
  ids: number[];
  /** As text, special tokens included. */
  text: string;
  row: Row;
  name: string;
}

/** Tokenizer, chat template and the tokens that end and fill sequences. */
export interface TextCodec {
  tokenizer: Tokenizer;
  template: ChatTemplate | undefined;
  /** Ends a text, or an assistant's turn. */
  eosId: number | undefined;
  padId: number;
  /** Reads generated ids: special tokens, and ids the tokenizer does not know, are nothing. */
  generated: TextDecoder;
}

/** Chooses the chat template and finds the special tokens. */
export function createCodec(
  tokenizer: Tokenizer,
  { data, model }: Recipe,
  examples: readonly Example[],
): TextCodec {
  const special = tokenizer.specialTokens;
  const template = chooseTemplate(data.template, model.path, tokenizer, examples);
  const names = template ? ['<|im_end|>', '<|eot_id|>'] : [];
  const eosId = [...names, specialTokens[0], '</s>', '<eos>']
    .map((name) => special[name])
    .find((id) => id !== undefined);
  const padId = special['<pad>'] ?? special['<|pad|>'] ?? special[specialTokens[0]] ?? eosId ?? 0;
  return { tokenizer, template, eosId, padId, generated: generatedText(tokenizer) };
}

function chooseTemplate(
  wanted: Recipe['data']['template'],
  folder: string | undefined,
  tokenizer: Tokenizer,
  examples: readonly Example[],
): ChatTemplate | undefined {
  if (wanted === 'none') return undefined;
  const own = wanted === 'auto' && folder !== undefined ? ChatTemplate.load(folder) : undefined;
  if (own || wanted === 'chatml') return own ?? ChatTemplate.chatml();
  const needless = examples.every((example) => example.kind === 'text');
  return needless || tokenizer.tokenToId('<|im_start|>') === undefined ? undefined : ChatTemplate.chatml();
}

const encoderOf = ({ tokenizer, template, eosId }: TextCodec) =>
  new ExampleEncoder({ tokenizer, template, eosId });

/** What a kind of batch is made from. */
export type OfflineKind = 'supervised' | 'pairwise' | 'unpaired';

/** How examples become sequences. */
export interface EncodeOptions {
  kind: OfflineKind;
  /** Most tokens of a sequence, of which the model sees one less: the last is only a label. */
  maxLength: number;
  /** Join short sequences into full rows; supervised only. */
  packing: boolean;
  onNotice: (message: string) => void;
}

/**
 * Tokenises examples for training. Long texts become several sequences; other examples that are too long are cut, or
 * dropped when their prompt alone is too long, and a notice says how many.
 * @throws UserError naming the example that does not suit the algorithm
 */
export function encodeExamples(
  records: readonly DataRecord[],
  codec: TextCodec,
  { kind, maxLength, packing, onNotice }: EncodeOptions,
): EncodedExample[] {
  const encoder = encoderOf(codec);
  const limit = new LengthLimit({ maxLength });
  const encoded = records.flatMap(({ example, row, name }): EncodedExample[] => {
    const sequences = explain(name, () => sequencesOf(encoder, example, kind));
    if (example.kind === 'text') return blocks(sequences[0]!, maxLength, name);
    const fitted = limit.fit(sequences, name);
    return fitted
      ? [{ sequences: fitted, name, ...(kind === 'unpaired' && { desirable: label(row, name) }) }]
      : [];
  });
  const { truncated, dropped } = limit.counts;
  if (truncated > 0)
    onNotice(`${truncated} of ${records.length} examples are longer than ${maxLength} tokens and were cut`);
  if (dropped > 0)
    onNotice(
      `${dropped} of ${records.length} examples have no answer within ${maxLength} tokens and were left out`,
    );
  return packing && kind === 'supervised' ? packRows(encoded, maxLength) : encoded;
}

/** Tokenises prompts for sampling; those that leave no room for an answer are left out, with a notice. */
export function encodePrompts(
  records: readonly DataRecord[],
  codec: TextCodec,
  { maxLength, onNotice }: { maxLength: number; onNotice: (message: string) => void },
): EncodedPrompt[] {
  const encoder = encoderOf(codec);
  const prompts = records.map(({ example, row, name }) => {
    const ids = explain(name, () => Array.from(encoder.prompt(example)));
    return { ids, text: codec.tokenizer.decode(ids), row, name };
  });
  const fitting = prompts.filter(({ ids }) => ids.length < maxLength);
  const dropped = prompts.length - fitting.length;
  if (dropped > 0)
    onNotice(
      `${dropped} of ${prompts.length} prompts fill the context of ${maxLength} tokens and were left out`,
    );
  return fitting;
}

function sequencesOf(encoder: ExampleEncoder, example: Example, kind: OfflineKind): TokenSequence[] {
  if (kind !== 'pairwise') return [encoder.supervised(example)];
  if (example.kind !== 'preference') {
    throw new Error(
      `the algorithm compares answers and needs preferences (prompt, chosen, rejected), found a ${example.kind}`,
    );
  }
  const { chosen, rejected } = encoder.preference(example);
  return [chosen, rejected];
}

/** Blocks of a text that each fill the model's context: `maxLength` tokens in, and one more as the last label. */
function blocks(sequence: TokenSequence, maxLength: number, name: string): EncodedExample[] {
  return splitBlocks(sequence, maxLength)
    .filter((block) => countTargets(block) > 0)
    .map((block, i) => ({ sequences: [block], name: `${name}, block ${i + 1}` }));
}

function packRows(examples: readonly EncodedExample[], maxLength: number): EncodedExample[] {
  const lengths = examples.map(({ sequences }) => sequences[0]!.ids.length - 1);
  return pack(lengths, maxLength).map((row) => ({
    sequences: row.map((i) => examples[i]!.sequences[0]!),
    name: row.map((i) => examples[i]!.name).join(' + '),
  }));
}

function label(row: Row, name: string): number {
  const value = row.label ?? row.kto_tag;
  if (typeof value !== 'boolean') {
    throw new UserError(
      `${name}: the algorithm needs a column label that is true or false, found ${JSON.stringify(value) ?? 'none'}`,
    );
  }
  return value ? 1 : 0;
}

function explain<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new UserError(`${name}: ${(error as Error).message}`);
  }
}
