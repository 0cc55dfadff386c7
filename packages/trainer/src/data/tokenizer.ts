import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer, type TokenizerJson, trainBPE } from '@attune/tokenizer';
import { fileError, UserError } from '../errors.ts';
import type { Recipe } from '../recipe/schema.ts';

/** Special tokens of tokenizers trained here: the end of a text, and ChatML's two. */
export const specialTokens = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] as const;

/**
 * The tokenizer a recipe asks for: read from `tokenizer.path`, else from the model's folder, else trained.
 * @param texts the training data's texts; read only when a tokenizer is trained
 */
export function obtainTokenizer({ tokenizer, model }: Recipe, texts: () => Iterable<string>): Tokenizer {
  const path = tokenizer.path ?? model.path;
  if (path !== undefined) return readTokenizer(path);
  if (tokenizer.train === 'characters') return characterTokenizer(texts());
  return trainBPE(texts(), { vocabSize: tokenizer.vocabSize, specialTokens });
}

/** Reads `tokenizer.json`, given itself or its folder. */
export function readTokenizer(path: string): Tokenizer {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory();
  const file = isFolder ? join(path, 'tokenizer.json') : path;
  if (!existsSync(file)) {
    throw new UserError(
      `${file}: no such tokenizer; name one with tokenizer.path, or leave model.path out to train one`,
    );
  }
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw fileError(error, `cannot read the tokenizer ${file}`);
  }
  try {
    return Tokenizer.fromJSON(text);
  } catch (error) {
    throw new UserError(`${file}: is not a tokenizer.json (${(error as Error).message})`);
  }
}

/**
 * A tokenizer with one token for every character of some texts. Characters that the texts lack become their UTF-8
 * bytes, so that anything can be encoded: it is byte-level BPE whose merges build characters and nothing longer.
 */
export function characterTokenizer(texts: Iterable<string>): Tokenizer {
  const characters = new Set<string>();
  for (const text of texts) for (const character of text) characters.add(character);
  const bytes = trainBPE([], { vocabSize: 256 + specialTokens.length, specialTokens }).toJSON();
  const vocab = { ...(bytes.model.vocab as Record<string, number>) };
  const merges: [string, string][] = [];
  for (const character of [...characters].sort()) {
    // The first byte of a character and its continuations form no other character: merging them left to right is exact.
    const [first, ...rest] = [...Buffer.from(character)].map(byteSymbol);
    rest.reduce((left, right) => {
      const joined = left + right;
      if (!(joined in vocab)) {
        vocab[joined] = Object.keys(vocab).length;
        merges.push([left, right]);
      }
      return joined;
    }, first!);
  }
  return Tokenizer.fromJSON({ ...bytes, model: { ...bytes.model, vocab, merges } } as TokenizerJson);
}

/** How byte-level BPE writes a byte: itself where it is a visible Latin-1 character, else one from U+0100 on. */
const byteSymbol = (() => {
  const visible = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let next = 256;
  const symbols = Array.from({ length: 256 }, (_, byte) =>
    String.fromCodePoint(visible(byte) ? byte : next++),
  );
  return (byte: number) => symbols[byte]!;
})();
