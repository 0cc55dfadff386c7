import { WordPiece } from '../models/word-piece.ts';
import { Tokenizer } from '../tokenizer.ts';

/** How a `vocab.txt` is read. */
export interface BertOptions {
  /** Lower-case and strip accents, as the uncased models do. Default true. */
  lowercase?: boolean;
}

/** The special tokens of BERT's vocabularies, in the order in which a trained one begins with them. */
export const BERT_SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];

/**
 * Reads BERT's `vocab.txt`: a token a line, the id is the line.
 * @throws where `[UNK]`, `[CLS]` or `[SEP]` is missing
 */
export function fromBertVocab(vocab: string, { lowercase = true }: BertOptions = {}): Tokenizer {
  const lines = vocab.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const ids = new Map(lines.map((token, id) => [token, id]));
  const idOf = (token: string) => {
    const id = ids.get(token);
    if (id === undefined) throw new Error(`BERT vocab: ${token} is missing; is this a vocab.txt?`);
    return id;
  };
  idOf('[UNK]');
  const tokenizer = Tokenizer.fromJSON({
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'BertProcessing',
      sep: ['[SEP]', idOf('[SEP]')],
      cls: ['[CLS]', idOf('[CLS]')],
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(ids),
    },
  });
  const present = BERT_SPECIAL.filter((token) => ids.has(token));
  tokenizer.addTokens(present.map((content) => ({ content, special: true })));
  return tokenizer;
}

/**
 * Writes a vocabulary as BERT's `vocab.txt`.
 * @throws where the model is not WordPiece, or the ids have gaps, which the format cannot express
 */
export function toBertVocab(tokenizer: Tokenizer): string {
  if (!(tokenizer.model instanceof WordPiece)) {
    throw new Error(`toBertVocab: the model must be WordPiece, found ${tokenizer.model.toJSON().type}`);
  }
  const { tokens } = tokenizer.model.vocabulary;
  const gap = tokens.findIndex((token) => typeof token !== 'string');
  if (gap >= 0) throw new Error(`toBertVocab: ids must have no gaps, found none for ${gap}`);
  return tokens.map((token) => `${token}\n`).join('');
}
