/**
 * The Unicode properties that the pre-tokenizer patterns ask for, as bits per code point. Built once per
 * process from the JavaScript engine's own Unicode tables.
 */
export const LETTER = 1; // \p{L}
export const NUMBER = 2; // \p{N}
export const SPACE = 4; // \s: White_Space
export const NEWLINE = 8; // \r or \n
export const UPPER = 16; // [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]
export const LOWER = 32; // [\p{Ll}\p{Lm}\p{Lo}\p{M}]
export const MARK = 64; // \p{M}

const PROPERTIES: [RegExp, number][] = [
  [/\p{L}+/gu, LETTER],
  [/\p{N}+/gu, NUMBER],
  [/\p{White_Space}+/gu, SPACE],
  [/[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+/gu, UPPER],
  [/[\p{Ll}\p{Lm}\p{Lo}\p{M}]+/gu, LOWER],
  [/\p{M}+/gu, MARK],
];

const PLANE = 0x10000;
const planes: (Uint8Array | undefined)[] = [];

function buildPlane(plane: number): Uint8Array {
  const classes = new Uint8Array(PLANE);
  const unit = plane === 0 ? 1 : 2;
  let text = '';
  for (let low = 0; low < PLANE; low++) {
    // A lone surrogate would join its neighbour: any character without properties stands in its place.
    const isSurrogate = plane === 0 && low >= 0xd800 && low <= 0xdfff;
    text += isSurrogate ? '\0' : String.fromCodePoint(plane * PLANE + low);
  }
  for (const [pattern, bit] of PROPERTIES) {
    for (const match of text.matchAll(pattern)) {
      const from = match.index / unit;
      const to = from + match[0].length / unit;
      for (let i = from; i < to; i++) classes[i]! |= bit;
    }
  }
  if (plane === 0) {
    classes[0x0a]! |= NEWLINE;
    classes[0x0d]! |= NEWLINE;
  }
  return classes;
}

/** The property bits of the code points 0 to 0xFFFF (surrogates have none). */
export function bmpClasses(): Uint8Array {
  planes[0] ??= buildPlane(0);
  return planes[0];
}

/** The property bits of the character beyond 0xFFFF whose surrogate pair is `high`, `low`. */
export function astralClass(high: number, low: number): number {
  const codePoint = (high - 0xd800) * 0x400 + (low - 0xdc00) + PLANE;
  const plane = codePoint >> 16;
  planes[plane] ??= buildPlane(plane);
  return planes[plane][codePoint & 0xffff]!;
}
