import { Encoding, type EncodingColumns } from './encoding.ts';
import type { PaddingJson, TruncationJson } from './tokenizer-json.ts';

const COLUMNS = [
  'ids',
  'tokens',
  'offsets',
  'typeIds',
  'wordIds',
  'sequenceIds',
  'specialTokensMask',
  'attentionMask',
] as const;

/** Builds columns by doing the same to each. */
function mapColumns(make: (column: (typeof COLUMNS)[number]) => unknown[]): EncodingColumns {
  return Object.fromEntries(COLUMNS.map((column) => [column, make(column)])) as unknown as EncodingColumns;
}

/** Columns of no tokens. */
export const emptyColumns = (): EncodingColumns => mapColumns(() => []);

/** Columns of tokens that stand for nothing in the text. */
export function addedColumns(ids: number[], tokens: string[], typeId: number): EncodingColumns {
  return {
    ids: [...ids],
    tokens: [...tokens],
    offsets: ids.map(() => [0, 0]),
    typeIds: ids.map(() => typeId),
    wordIds: ids.map(() => null),
    sequenceIds: ids.map(() => null),
    specialTokensMask: ids.map(() => 1),
    attentionMask: ids.map(() => 1),
  };
}

const joined = (left: EncodingColumns, right: EncodingColumns) =>
  mapColumns((column) => [...left[column], ...right[column]]);

/** One encoding after another; their overflowing parts are combined each with each. */
export function concatenate(encodings: Encoding[]): Encoding {
  return encodings.reduce((left, right) => {
    const overflowing = left.overflowing.flatMap((part) =>
      [right, ...right.overflowing].map((other) => new Encoding(joined(part, other))),
    );
    for (const other of right.overflowing) overflowing.push(new Encoding(joined(left, other)));
    return new Encoding(joined(left, right), overflowing);
  }, new Encoding(emptyColumns()));
}

/**
 * Cuts an encoding to at most `maxLength` tokens. What is cut off follows in `overflowing`, in windows that
 * overlap by `stride` tokens.
 * @throws where `stride` is not below `maxLength`
 */
export function truncate(
  encoding: Encoding,
  maxLength: number,
  stride: number,
  direction: 'Left' | 'Right' = 'Right',
): Encoding {
  const { length } = encoding;
  if (maxLength >= length) return encoding;
  if (maxLength === 0) return new Encoding(emptyColumns(), [encoding]);
  if (stride >= maxLength) {
    throw new Error(
      `truncation: stride must be below the ${maxLength} tokens left after special tokens, found ${stride}`,
    );
  }
  const windows: [number, number][] = [];
  const step = maxLength - stride;
  if (direction === 'Right') {
    for (let start = 0; ; start += step) {
      windows.push([start, Math.min(start + maxLength, length)]);
      if (start + maxLength >= length) break;
    }
  } else {
    for (let stop = length; ; stop -= step) {
      windows.push([Math.max(0, stop - maxLength), stop]);
      if (stop <= maxLength) break;
    }
  }
  const [first, ...rest] = windows.map(
    ([start, stop]) => new Encoding(mapColumns((column) => encoding[column].slice(start, stop))),
  );
  first!.overflowing = rest;
  return first!;
}

/**
 * Cuts a sequence, or a pair of them, to `max_length` tokens in all.
 * @throws where the strategy needs a pair and there is none, or would leave nothing of a sequence
 */
export function truncateSequences(sequences: Encoding[], options: TruncationJson, added: number): Encoding[] {
  const limit = options.max_length - added;
  if (limit < 0) {
    throw new Error(
      `truncation: maxLength must be at least the ${added} special tokens, found ${options.max_length}`,
    );
  }
  const lengths = sequences.map((each) => each.length);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (total <= limit) return sequences;
  const targets = limit === 0 ? lengths.map(() => 0) : targetLengths(lengths, limit, options.strategy);
  return sequences.map((each, i) => truncate(each, targets[i]!, options.stride, options.direction));
}

function targetLengths(lengths: number[], limit: number, strategy: TruncationJson['strategy']): number[] {
  const [first, second] = lengths as [number, number | undefined];
  if (strategy === 'LongestFirst') {
    if (second === undefined) return [limit];
    const shorter = Math.min(first, second);
    if (shorter * 2 <= limit) return first <= second ? [first, limit - first] : [limit - second, second];
    const half = Math.floor(limit / 2);
    return first <= second ? [half, limit - half] : [limit - half, half];
  }
  const which = strategy === 'OnlyFirst' ? 0 : 1;
  if (lengths[which] === undefined) {
    throw new Error('truncation: strategy OnlySecond needs a pair; pass one or use LongestFirst');
  }
  const target = lengths[which] + limit - lengths.reduce((sum, length) => sum + length, 0);
  if (target <= 0) {
    throw new Error(
      `truncation: ${strategy} would leave nothing of a sequence of ${lengths[which]} tokens; use LongestFirst`,
    );
  }
  return lengths.map((length, i) => (i === which ? target : length));
}

/** Pads encodings in place to a common length, their overflowing parts too. */
export function pad(encodings: Encoding[], options: PaddingJson): void {
  const { strategy, pad_to_multiple_of: multiple } = options;
  let target = typeof strategy === 'object' ? strategy.Fixed : 0;
  if (typeof strategy !== 'object') for (const { length } of encodings) target = Math.max(target, length);
  if (multiple) target = Math.ceil(target / multiple) * multiple;
  for (const encoding of encodings) padOne(encoding, target, options);
}

function padOne(encoding: Encoding, target: number, options: PaddingJson): void {
  for (const part of encoding.overflowing) padOne(part, target, options);
  const missing = target - encoding.length;
  if (missing <= 0) return;
  const fill = <T>(value: T) => Array.from({ length: missing }, () => value);
  const padding = addedColumns(fill(options.pad_id), fill(options.pad_token), options.pad_type_id);
  padding.attentionMask.fill(0);
  const columns = options.direction === 'Left' ? joined(padding, encoding) : joined(encoding, padding);
  Object.assign(encoding, columns);
}
