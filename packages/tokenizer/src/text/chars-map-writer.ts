import { compareCodePoints } from './code-points.ts';
import { buildDoubleArray } from './double-array.ts';

const utf8 = new TextEncoder();
/** Readers look this far for the end of a rule. */
const LONGEST_SOURCE = 32;

/**
 * Compiles rewriting rules into SentencePiece's `precompiled_charsmap`: see `CharsMap` for its layout. No rules give
 * an empty one.
 * @throws where a rule has no source, one of more than 32 characters, or holds U+0000, which ends texts in the format
 */
export function compileCharsMap(rules: ReadonlyMap<string, string>): Uint8Array {
  if (rules.size === 0) return new Uint8Array(0);
  for (const [source, target] of rules) checkRule(source, target);
  const positions = new Map<string, number>();
  let end = 0;
  for (const target of [...new Set(rules.values())].sort(compareCodePoints)) {
    positions.set(target, end);
    end += utf8.encode(target).length + 1;
  }
  const units = buildDoubleArray(new Map([...rules].map(([from, to]) => [from, positions.get(to)!])));
  const blob = new Uint8Array(4 + units.length * 4 + end);
  const view = new DataView(blob.buffer);
  view.setUint32(0, units.length * 4, true);
  units.forEach((unit, i) => {
    view.setUint32(4 + i * 4, unit, true);
  });
  const targets = blob.subarray(4 + units.length * 4);
  for (const [target, at] of positions) targets.set(utf8.encode(target), at);
  return blob;
}

function checkRule(source: string, target: string): void {
  const length = [...source].length;
  if (length === 0 || length > LONGEST_SOURCE) {
    throw new Error(
      `normalization rules: a source must have 1 to ${LONGEST_SOURCE} characters, found ${length}`,
    );
  }
  if (/[\0\ud800-\udfff]/u.test(source + target)) {
    throw new Error(
      `normalization rules: ${JSON.stringify(source)} to ${JSON.stringify(target)} must not hold U+0000 or half a surrogate pair`,
    );
  }
}
