import { type Field, floatOf, MessageWriter, readFields } from './protobuf.ts';

/** What a piece is for: `sentencepiece_model.proto`, `ModelProto.SentencePiece.Type`. */
export const PieceType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

export interface Piece {
  piece: string;
  /** Log-probability (Unigram) or minus the rank of the merge (BPE). */
  score: number;
  type: number;
}

/** The parts of a SentencePiece `.model` that encoding and decoding depend on. */
export interface SentencePieceModel {
  modelType: 'unigram' | 'bpe' | 'word' | 'char';
  pieces: Piece[];
  byteFallback: boolean;
  treatWhitespaceAsSuffix: boolean;
  unkId: number;
  bosId: number;
  eosId: number;
  padId: number;
  /** What an unknown id decodes to. */
  unkSurface: string;
  normalizer: {
    name: string;
    precompiledCharsmap: Uint8Array;
    addDummyPrefix: boolean;
    removeExtraWhitespaces: boolean;
    escapeWhitespaces: boolean;
  };
  /** Rules that rewrite decoded texts. */
  denormalizerCharsmap: Uint8Array;
}

const MODEL_TYPES = ['unigram', 'bpe', 'word', 'char'] as const;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The last field of each number, as protocol buffers have it. */
function byNumber(fields: Field[]): Map<number, Field> {
  return new Map(fields.map((field) => [field.number, field]));
}

/** int32, which negative numbers come as 64 bits of. */
const int32 = (field: Field | undefined, missing: number) => (field ? field.value | 0 : missing);

/**
 * Reads a SentencePiece `.model`.
 * @throws where the bytes are not one
 */
export function readSentencePieceModel(data: Uint8Array): SentencePieceModel {
  const what = 'SentencePiece model';
  const fields = readFields(data, what);
  const pieces = fields.filter(({ number }) => number === 1).map(({ bytes }) => readPiece(bytes));
  if (pieces.length === 0) throw new Error(`${what}: must hold pieces, found none; is this a .model file?`);
  const parts = byNumber(fields);
  const trainer = byNumber(readFields(parts.get(2)?.bytes ?? new Uint8Array(0), `${what}, trainer_spec`));
  const normalizer = byNumber(
    readFields(parts.get(3)?.bytes ?? new Uint8Array(0), `${what}, normalizer_spec`),
  );
  const denormalizer = byNumber(
    readFields(parts.get(5)?.bytes ?? new Uint8Array(0), `${what}, denormalizer_spec`),
  );
  const flag = (field: Field | undefined, missing: boolean) => (field ? field.value !== 0 : missing);
  const modelType = MODEL_TYPES[int32(trainer.get(3), 1) - 1];
  if (!modelType) throw new Error(`${what}: model_type must be 1 to 4, found ${trainer.get(3)?.value}`);
  const unkId = pieces.findIndex(({ type }) => type === PieceType.unknown);
  if (unkId < 0) throw new Error(`${what}: must have a piece of type UNKNOWN, found none`);
  const surface = trainer.get(44);
  return {
    modelType,
    pieces,
    byteFallback: flag(trainer.get(35), false),
    treatWhitespaceAsSuffix: flag(trainer.get(24), false),
    unkId,
    bosId: int32(trainer.get(41), 1),
    eosId: int32(trainer.get(42), 2),
    padId: int32(trainer.get(43), -1),
    unkSurface: surface ? decoder.decode(surface.bytes) : ' ⁇ ',
    normalizer: {
      name: decoder.decode(normalizer.get(1)?.bytes),
      precompiledCharsmap: normalizer.get(2)?.bytes ?? new Uint8Array(0),
      addDummyPrefix: flag(normalizer.get(3), true),
      removeExtraWhitespaces: flag(normalizer.get(4), true),
      escapeWhitespaces: flag(normalizer.get(5), true),
    },
    denormalizerCharsmap: denormalizer.get(2)?.bytes ?? new Uint8Array(0),
  };
}

function readPiece(bytes: Uint8Array): Piece {
  const fields = byNumber(readFields(bytes, 'SentencePiece model, piece'));
  const score = fields.get(2);
  return {
    piece: decoder.decode(fields.get(1)?.bytes),
    score: score ? floatOf(score) : 0,
    type: fields.get(3)?.value ?? PieceType.normal,
  };
}

/** Writes a SentencePiece `.model` that the original reads. */
export function writeSentencePieceModel(model: SentencePieceModel): Uint8Array {
  const out = new MessageWriter();
  for (const { piece, score, type } of model.pieces) {
    const entry = new MessageWriter().string(1, piece).float(2, score);
    if (type !== PieceType.normal) entry.integer(3, type);
    out.bytes(1, entry.finish());
  }
  const trainer = new MessageWriter()
    .integer(3, MODEL_TYPES.indexOf(model.modelType) + 1)
    .integer(4, model.pieces.length)
    .integer(24, model.treatWhitespaceAsSuffix)
    .integer(35, model.byteFallback)
    .integer(40, model.unkId)
    .integer(41, model.bosId)
    .integer(42, model.eosId)
    .integer(43, model.padId)
    .string(44, model.unkSurface);
  const names = { 45: model.unkId, 46: model.bosId, 47: model.eosId, 48: model.padId };
  for (const [field, id] of Object.entries(names)) {
    if (id >= 0 && id < model.pieces.length) trainer.string(Number(field), model.pieces[id]!.piece);
  }
  out.bytes(2, trainer.finish());
  const { normalizer } = model;
  out.bytes(
    3,
    new MessageWriter()
      .string(1, normalizer.name)
      .bytes(2, normalizer.precompiledCharsmap)
      .integer(3, normalizer.addDummyPrefix)
      .integer(4, normalizer.removeExtraWhitespaces)
      .integer(5, normalizer.escapeWhitespaces)
      .finish(),
  );
  if (model.denormalizerCharsmap.length > 0) {
    const denormalizer = new MessageWriter().bytes(2, model.denormalizerCharsmap);
    // Nothing about spaces: the original would do to decoded texts what is not said to be off.
    out.bytes(5, denormalizer.integer(3, false).integer(4, false).integer(5, false).finish());
  }
  return out.finish();
}
