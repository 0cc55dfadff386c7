import { ChatTemplate, type Example, ExampleEncoder, type Row, type TokenSequence } from '@attune/data';
import { generatedText, type TextDecoder } from '@attune/inference';
import type { Tokenizer } from '@attune/tokenizer';
import { UserError } from '../errors.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { DataRecord } from './records.ts';
import { specialTokens } from './tokenizer.ts';

/** An example as tokens. */
export interface EncodedExample {
  /**
   * One sequence; for a pair the chosen and the rejected one; for a list every answer; for a packed row all that share
   * it; both texts of a pair. What an algorithm compares them with (another prompt's answer, a corrupted prompt) comes last.
   */
  sequences: readonly TokenSequence[];
  name: string;
  /** Unpaired data: 1 or 0, or a reward. */
  desirable?: number;
  /** Pairs: by how much the chosen answer is better. */
  margin?: number;
  /** Pairs: whether the chosen answer was sampled from the reference model. */
  chosenFromReference?: boolean;
  /** How much the example counts, 1 when absent. */
  weight?: number;
  /** Lists: what each answer is worth. */
  ratings?: readonly number[];
  /** Solutions in steps: the places in `ids` where a step ends, and 1 where it is right. */
  steps?: { ends: ArrayLike<number>; labels: ArrayLike<number> };
  /** Which prompt it answers: answers to one are best read together. */
  prompt?: number;
}

/** A prompt to sample answers for. */
export interface EncodedPrompt {
  ids: number[];
  /** As text, special tokens included. */
  text: string;
  example: Example;
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

/** Turns examples into tokens. */
export const encoderOf = ({ tokenizer, template, eosId }: TextCodec) =>
  new ExampleEncoder({ tokenizer, template, eosId });

/** Tokenises prompts for sampling; those that leave no room for an answer are left out, with a notice. */
export function encodePrompts(
  records: readonly DataRecord[],
  codec: TextCodec,
  { maxLength, onNotice }: { maxLength: number; onNotice: (message: string) => void },
): EncodedPrompt[] {
  const encoder = encoderOf(codec);
  const prompts = records.map(({ example, row, name }) => {
    const ids = explain(name, () => Array.from(encoder.prompt(example)));
    return { ids, text: codec.tokenizer.decode(ids), example, row, name };
  });
  const fitting = prompts.filter(({ ids }) => ids.length < maxLength);
  const dropped = prompts.length - fitting.length;
  if (dropped > 0)
    onNotice(
      `${dropped} of ${prompts.length} prompts fill the context of ${maxLength} tokens and were left out`,
    );
  return fitting;
}

/** Runs something for an example; an error names it. */
export function explain<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new UserError(`${name}: ${(error as Error).message}`);
  }
}
