import type { Tokenizer } from '../tokenizer.ts';
import type { AddedTokenJson, BpeJson, ModelJson, TokenizerJson } from '../tokenizer-json.ts';
import { checkDecoder, readNormalizer, readTemplate, refuse } from './from-components.ts';
import { sentencePieceMerges } from './merges.ts';
import { type Piece, PieceType, type SentencePieceModel } from './model-file.ts';
import { SentencePiece } from './sentencepiece.ts';

/**
 * A `tokenizer.json` of SentencePiece's shape (Unigram, or BPE whose merges follow from the order of its tokens; spaces
 * as `▁`) as a SentencePiece model that encodes the same. Special tokens become control symbols, other added tokens
 * user-defined ones. What a post-processor puts around a sequence becomes the model's bos and eos, which `encode` adds
 * when asked to.
 * @throws where the format has no counterpart for something in the tokenizer, with its name
 */
export function toSentencePiece(tokenizer: Tokenizer): SentencePiece {
  const json = tokenizer.toJSON();
  if (json.truncation) refuse('truncation; set it to null');
  if (json.padding) refuse('padding; set it to null');
  const { symbols, ...normalizer } = readNormalizer(json);
  const { pieces, modelType, unkId, byteFallback } = readModel(json, symbols);
  checkDecoder(json.decoder);
  const { bosId, eosId } = readTemplate(json.post_processor, pieces);
  const splits = json.pre_tokenizer?.type === 'Metaspace' && json.pre_tokenizer.split !== false;
  const across =
    splits && pieces.find(({ piece, type }) => type === PieceType.normal && piece.includes('▁', 1));
  if (across)
    refuse(`Metaspace that splits, with pieces that reach over words (${JSON.stringify(across.piece)})`);
  const model: SentencePieceModel = {
    modelType,
    pieces,
    byteFallback,
    treatWhitespaceAsSuffix: false,
    unkId,
    bosId,
    eosId,
    padId: pieces.findIndex(({ piece, type }) => piece === '<pad>' && type === PieceType.control),
    unkSurface: ' ⁇ ',
    normalizer: { ...normalizer, escapeWhitespaces: true },
    denormalizerCharsmap: new Uint8Array(0),
  };
  return SentencePiece.fromParts(model);
}

type Pieces = Pick<SentencePieceModel, 'pieces' | 'modelType' | 'unkId' | 'byteFallback'>;

function readModel({ model, added_tokens }: TokenizerJson, symbols: ReadonlySet<string>): Pieces {
  const byteFallback = model.byte_fallback === true;
  let pieces: Piece[];
  let unknown: string | undefined;
  if (model.type === 'Unigram') {
    const vocab = (model as ModelJson).vocab as [string, number][];
    pieces = vocab.map(([piece, score]) => ({ piece, score, type: PieceType.normal }));
    unknown = vocab[(model as ModelJson).unk_id as number]?.[0];
  } else if (model.type === 'BPE') {
    pieces = bpePieces(model as BpeJson);
    unknown = (model as BpeJson).unk_token ?? undefined;
  } else return refuse(`a model of type ${String(model.type)}`);
  for (const token of added_tokens) addToken(token, pieces);
  for (const each of pieces) if (symbols.has(each.piece)) each.type = PieceType.userDefined;
  if (byteFallback) {
    const bytes = pieces.filter(({ piece }) => /^<0x[0-9A-F]{2}>$/.test(piece));
    if (bytes.length < 256) refuse(`byte_fallback with ${bytes.length} of the 256 tokens <0x00> to <0xFF>`);
    for (const each of bytes) each.type = PieceType.byte;
  }
  const unkId = pieces.findIndex(({ piece }) => piece === unknown);
  if (unkId < 0) return refuse('a model without an unknown token');
  pieces[unkId]!.type = PieceType.unknown;
  if (model.type === 'Unigram') return { pieces, modelType: 'unigram', unkId, byteFallback };
  checkBpe(model as BpeJson, pieces, symbols, byteFallback);
  return { pieces, modelType: 'bpe', unkId, byteFallback };
}

/** Tokens in the order of ids; of those that merges make, the earlier made the better. */
function bpePieces({ vocab, merges }: BpeJson): Piece[] {
  const rank = new Map<string, number>();
  for (const [left, right] of merges as [string, string][]) {
    if (!rank.has(left + right)) rank.set(left + right, rank.size);
  }
  const pieces: Piece[] = [];
  for (const [piece, id] of Object.entries(vocab)) {
    // Characters come after all that is merged; their score decides nothing.
    pieces[id] = { piece, score: -(rank.get(piece) ?? rank.size), type: PieceType.normal };
  }
  if (Object.keys(pieces).length < pieces.length) refuse('ids that no token has');
  return pieces;
}

function addToken({ content, id, special, ...token }: AddedTokenJson, pieces: Piece[]): void {
  const type = special ? PieceType.control : PieceType.userDefined;
  const found = pieces[id];
  if (!found && id !== pieces.length)
    refuse(`ids that no token has (before ${JSON.stringify(content)}, ${id})`);
  if (found && found.piece !== content) refuse(`two tokens of one id (${JSON.stringify(content)}, ${id})`);
  if (!special && (token.lstrip || token.rstrip || token.single_word)) {
    refuse(`lstrip, rstrip and single_word of the added token ${JSON.stringify(content)}`);
  }
  pieces[id] = { piece: content, score: 0, type };
}

/** @throws where SentencePiece, which joins any two pieces that make up one, would join others or in another order */
function checkBpe(
  model: BpeJson,
  pieces: Piece[],
  symbols: ReadonlySet<string>,
  byteFallback: boolean,
): void {
  if (model.continuing_subword_prefix) refuse('continuing_subword_prefix');
  if (model.end_of_word_suffix) refuse('end_of_word_suffix');
  if (!model.fuse_unk && !byteFallback) refuse('fuse_unk = false');
  if (model.ignore_merges && symbols.size === 0) refuse('ignore_merges');
  const given = model.merges as [string, string][];
  const wanted = sentencePieceMerges(pieces);
  const pairs = new Set(given.map((pair) => pair.join(' ')));
  const missing = wanted.find((pair) => !pairs.has(pair.join(' ')));
  if (missing) {
    refuse(`merges that leave out ${JSON.stringify(missing)}: it joins any two pieces that make up a piece`);
  }
  if (pairs.size > wanted.length) {
    const known = new Set(wanted.map((pair) => pair.join(' ')));
    refuse(
      `the merge ${JSON.stringify(given.find((pair) => !known.has(pair.join(' '))))}, of special or added tokens`,
    );
  }
  // Its order is that of tokens: all merges of one come before those of the next.
  const done = new Set<string>();
  let last = '';
  for (const [left, right] of given) {
    const token = left + right;
    if (token === last) continue;
    if (done.has(token)) refuse(`merges of one token (${JSON.stringify(token)}) with others between them`);
    done.add(token);
    last = token;
  }
}
