import { splitBlocks, type TokenSequence } from '../token-sequence.ts';
import { pack } from './pack.ts';

/** How sequences are laid into rows. */
export interface PackOptions {
  /** Places of a row. A sequence of n tokens takes n − 1: its last token is only a label. */
  capacity: number;
  /**
   * `best-fit` (default) keeps sequences whole, each in the fullest row that has room. `split` cuts those that are
   * longer than a row and packs the pieces so. `wrapped` lays them end to end and cuts wherever a row is full: no
   * place is wasted, but most rows begin within a sequence.
   */
  strategy?: 'best-fit' | 'split' | 'wrapped';
}

/**
 * Packs sequences into rows for `collatePacked`, which keeps those of a row apart. Pieces of a cut sequence share the
 * token at the cut, so that every target of the data stays one, exactly once; only what comes before the cut is unseen.
 *
 * @returns the sequences (or pieces) of each row
 * @throws with `best-fit` when a sequence is longer than a row
 */
export function packSequences(
  sequences: readonly TokenSequence[],
  { capacity, strategy = 'best-fit' }: PackOptions,
): TokenSequence[][] {
  if (!(Number.isInteger(capacity) && capacity > 0))
    throw new Error(`pack: capacity must be an integer > 0, found ${capacity}`);
  if (strategy === 'wrapped') return wrap(sequences, capacity);
  const whole = strategy === 'split' ? sequences.flatMap((each) => cut(each, capacity)) : sequences;
  const rows = pack(
    whole.map(({ ids }) => Math.max(ids.length - 1, 0)),
    capacity,
  );
  return rows.map((row) => row.map((i) => whole[i]!));
}

const cut = (sequence: TokenSequence, capacity: number) =>
  sequence.ids.length - 1 > capacity ? splitBlocks(sequence, capacity) : [sequence];

function wrap(sequences: readonly TokenSequence[], capacity: number): TokenSequence[][] {
  const rows: TokenSequence[][] = [];
  let room = 0;
  for (const { ids, mask } of sequences) {
    for (let start = 0; start < ids.length - 1; ) {
      if (room === 0) {
        rows.push([]);
        room = capacity;
      }
      const places = Math.min(room, ids.length - 1 - start);
      rows.at(-1)!.push({
        ids: ids.subarray(start, start + places + 1),
        mask: mask.subarray(start, start + places + 1),
      });
      start += places;
      room -= places;
    }
  }
  return rows;
}
