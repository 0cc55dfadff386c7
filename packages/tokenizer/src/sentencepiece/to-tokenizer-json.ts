import { createNormalizer } from '../normalizers/normalizer.ts';
import { AlignedText } from '../text/aligned-text.ts';
import { anyOf } from '../text/any-of.ts';
import type { AddedTokenJson, BpeJson, ComponentJson, ModelJson, TokenizerJson } from '../tokenizer-json.ts';
import { sentencePieceMerges } from './merges.ts';
import { PieceType, type SentencePieceModel } from './model-file.ts';
import { replace, rewriting } from './rewriting.ts';
import { scoresOf } from './scores.ts';

export interface ToTokenizerJsonOptions {
  /** Put the model's piece for the beginning before each sequence (a post-processor). Default false. */
  bos?: boolean;
  /** Put the model's piece for the end after each sequence (a post-processor). Default false. */
  eos?: boolean;
}

/**
 * A `SentencePiece` as `tokenizer.json`: Unigram, BPE or (as BPE without merges) characters. It encodes as the
 * model does, up to what the format cannot say: `Precompiled` rewrites graphemes and characters, not the longest
 * sources of rules, so marks in unusual order may come out differently; scores are summed in doubles, which matters
 * where two segmentations are as good; the literal text of a byte piece (`<0x41>`) is that piece to Unigram.
 * @throws where the format has no counterpart for something in the model, with its name
 */
export function toTokenizerJson(
  { model }: { readonly model: SentencePieceModel },
  options: ToTokenizerJsonOptions = {},
): TokenizerJson {
  requireCounterparts(model);
  const normalizer = normalizerOf(model);
  requireUnchanged(model, normalizer);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens(model),
    normalizer,
    pre_tokenizer: preTokenizer(model),
    post_processor: postProcessor(model, options),
    decoder: decoder(model),
    model: model.modelType === 'unigram' ? unigram(model) : bpe(model),
  };
}

function requireCounterparts({ modelType, pieces, ...model }: SentencePieceModel): void {
  const refuse = (what: string) => {
    throw new Error(`tokenizer.json has no counterpart for ${what}`);
  };
  if (modelType === 'word') refuse('word models, which join unknown words');
  if (model.treatWhitespaceAsSuffix) refuse('treat_whitespace_as_suffix');
  if (!model.normalizer.escapeWhitespaces) refuse('escape_whitespaces = false');
  if (model.denormalizerCharsmap.length > 0) refuse('the denormalization rules');
  const unused = pieces.find(({ type }) => type === PieceType.unused);
  if (unused) refuse(`pieces of type UNUSED (${JSON.stringify(unused.piece)})`);
  const names = new Set<string>();
  for (const { piece } of pieces) {
    if (names.has(piece)) refuse(`two pieces of one text (${JSON.stringify(piece)})`);
    names.add(piece);
  }
}

/** User-defined symbols pass SentencePiece's normalizer as they are. */
function requireUnchanged({ pieces }: SentencePieceModel, json: ComponentJson | null): void {
  const symbols = pieces.filter(({ type }) => type === PieceType.userDefined);
  if (symbols.length === 0 || !json) return;
  // Within a text, without what is put before it.
  const steps = (json.normalizers as ComponentJson[]).filter(({ type }) => type !== 'Prepend');
  const normalize = createNormalizer({ type: 'Sequence', normalizers: steps });
  for (const { piece } of symbols) {
    if (normalize(new AlignedText(`a${piece}a`)).text === `a${piece}a`) continue;
    throw new Error(
      `tokenizer.json has no counterpart for the user-defined symbol ${JSON.stringify(piece)}, which the normalizer changes elsewhere`,
    );
  }
}

/** Rules, runs of spaces to one, spaces made visible, one put before the text. */
function normalizerOf({ normalizer }: SentencePieceModel): ComponentJson | null {
  const { name, precompiledCharsmap: rules, addDummyPrefix, removeExtraWhitespaces } = normalizer;
  const steps: ComponentJson[] = [];
  steps.push(...rewriting(name, rules));
  if (removeExtraWhitespaces) {
    // Only U+0020 is a space here: `Strip` would take more.
    steps.push(replace({ Regex: '\\A +' }, ''), replace({ Regex: ' {2,}' }, ' '));
  }
  steps.push(replace({ String: ' ' }, '▁'));
  if (removeExtraWhitespaces) steps.push(replace({ Regex: '▁+\\z' }, ''));
  if (addDummyPrefix) steps.push({ type: 'Prepend', prepend: '▁' });
  return { type: 'Sequence', normalizers: steps };
}

/** Words where pieces cannot reach over the beginning of one; user-defined symbols by themselves in BPE. */
function preTokenizer({ modelType, pieces }: SentencePieceModel): ComponentJson | null {
  if (modelType === 'unigram') {
    const matched = pieces.filter(({ type }) => type === PieceType.normal || type === PieceType.userDefined);
    const splits =
      matched.some(({ piece }) => piece === '▁') && matched.every(({ piece }) => !piece.includes('▁', 1));
    return splits ? { type: 'Metaspace', replacement: '▁', prepend_scheme: 'never', split: true } : null;
  }
  const symbols = pieces.filter(({ type }) => type === PieceType.userDefined).map(({ piece }) => piece);
  if (symbols.length === 0) return null;
  return { type: 'Split', pattern: { Regex: anyOf(symbols) }, behavior: 'Isolated', invert: false };
}

function postProcessor(
  model: SentencePieceModel,
  { bos, eos }: ToTokenizerJsonOptions,
): ComponentJson | null {
  if (!bos && !eos) return null;
  const special: Record<string, { id: string; ids: number[]; tokens: string[] }> = {};
  const token = (which: 'bos' | 'eos', id: number, typeId: number) => {
    const piece = model.pieces[id]?.piece;
    if (piece === undefined)
      throw new Error(`tokenizer.json: this model has no ${which} piece; leave ${which} out`);
    special[piece] = { id: piece, ids: [id], tokens: [piece] };
    return { SpecialToken: { id: piece, type_id: typeId } };
  };
  const around = (id: 'A' | 'B', typeId: number) => [
    ...(bos ? [token('bos', model.bosId, typeId)] : []),
    { Sequence: { id, type_id: typeId } },
    ...(eos ? [token('eos', model.eosId, typeId)] : []),
  ];
  const single = around('A', 0);
  return {
    type: 'TemplateProcessing',
    single,
    pair: [...single, ...around('B', 1)],
    special_tokens: special,
  };
}

function decoder({ byteFallback, normalizer }: SentencePieceModel): ComponentJson {
  const decoders: ComponentJson[] = [replace({ String: '▁' }, ' ')];
  if (byteFallback) decoders.push({ type: 'ByteFallback' });
  decoders.push({ type: 'Fuse' });
  if (normalizer.addDummyPrefix || normalizer.removeExtraWhitespaces) {
    decoders.push({ type: 'Strip', content: ' ', start: 1, stop: 0 });
  }
  return { type: 'Sequence', decoders };
}

/** The unknown piece and control symbols, which no text may turn into unless it is allowed. */
function addedTokens({ pieces }: SentencePieceModel): AddedTokenJson[] {
  return pieces.flatMap(({ piece, type }, id) =>
    type === PieceType.unknown || type === PieceType.control
      ? [
          {
            id,
            content: piece,
            single_word: false,
            lstrip: false,
            rstrip: false,
            normalized: false,
            special: true,
          },
        ]
      : [],
  );
}

function unigram(model: SentencePieceModel): ModelJson {
  const scores = scoresOf(model);
  return {
    type: 'Unigram',
    unk_id: model.unkId,
    vocab: model.pieces.map(({ piece }, id) => [piece, scores[id]!]),
    byte_fallback: model.byteFallback,
  };
}

function bpe(model: SentencePieceModel): BpeJson {
  const { pieces } = model;
  return {
    type: 'BPE',
    dropout: null,
    unk_token: pieces[model.unkId]!.piece,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: true,
    byte_fallback: model.byteFallback,
    // No merges lead to user-defined symbols.
    ignore_merges: pieces.some(({ type }) => type === PieceType.userDefined),
    vocab: Object.fromEntries(pieces.map(({ piece }, id) => [piece, id])),
    merges: model.modelType === 'bpe' ? sentencePieceMerges(pieces) : [],
  };
}
