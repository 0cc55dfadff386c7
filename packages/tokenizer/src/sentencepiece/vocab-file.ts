import { type Piece, PieceType, type SentencePieceModel } from './model-file.ts';

const CONTROL = ['<s>', '</s>', '<pad>', '<cls>', '<sep>', '<mask>'];

/**
 * Reads a SentencePiece `.vocab` file: a line `piece⇥score` for each id. The file does not say what pieces are
 * for; those that `spm_train` names are told by their names.
 * @throws where a line is malformed or `<unk>` is missing
 */
export function readVocabFile(text: string): Piece[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const pieces = lines.map((line, number) => {
    const tab = line.lastIndexOf('\t');
    const score = Number(line.slice(tab + 1));
    if (tab < 1 || line.slice(tab + 1).trim() === '' || !Number.isFinite(score)) {
      throw new Error(
        `SentencePiece vocab, line ${number + 1}: must be "piece⇥score", found ${JSON.stringify(line.slice(0, 60))}`,
      );
    }
    return { piece: line.slice(0, tab), score: Math.fround(score), type: typeOf(line.slice(0, tab)) };
  });
  if (!pieces.some(({ type }) => type === PieceType.unknown)) {
    throw new Error('SentencePiece vocab: <unk> is missing; is this a .vocab file?');
  }
  return pieces;
}

function typeOf(piece: string): number {
  if (piece === '<unk>') return PieceType.unknown;
  if (CONTROL.includes(piece)) return PieceType.control;
  return /^<0x[0-9A-F]{2}>$/.test(piece) ? PieceType.byte : PieceType.normal;
}

/** The model that such pieces most likely belong to, with the normalizer that `identity` stands for. */
export function modelOfVocab(
  pieces: Piece[],
  modelType: SentencePieceModel['modelType'],
): SentencePieceModel {
  const idOf = (name: string) => pieces.findIndex(({ piece }) => piece === name);
  return {
    modelType,
    pieces,
    byteFallback: pieces.filter(({ type }) => type === PieceType.byte).length === 256,
    treatWhitespaceAsSuffix: false,
    unkId: idOf('<unk>'),
    bosId: idOf('<s>'),
    eosId: idOf('</s>'),
    padId: idOf('<pad>'),
    unkSurface: ' ⁇ ',
    normalizer: {
      name: 'identity',
      precompiledCharsmap: new Uint8Array(0),
      addDummyPrefix: true,
      removeExtraWhitespaces: true,
      escapeWhitespaces: true,
    },
    denormalizerCharsmap: new Uint8Array(0),
  };
}
