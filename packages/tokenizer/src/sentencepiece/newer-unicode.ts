/** What Unicode 16 and 17 brought, which engines of the supported versions of Node.js and of browsers may not know. */

const run = (first: number, targets: string): [string, string][] =>
  Array.from(targets, (target, i) => [String.fromCodePoint(first + i), target]);

/** Canonical or compatibility decompositions (NFKD) of characters newer than Unicode 15.1. */
export const NEWER_DECOMPOSITIONS: ReadonlyMap<string, string> = new Map([
  ['\ua7f1', 'S'],
  ['\u{105c9}', '\u{105d2}\u0307'],
  ['\u{105e4}', '\u{105da}\u0307'],
  // Tulu-Tigalari
  ['\u{11383}', '\u{11382}\u{113c9}'],
  ['\u{11385}', '\u{11384}\u{113bb}'],
  ['\u{1138e}', '\u{1138b}\u{113c2}'],
  ['\u{11391}', '\u{11390}\u{113c9}'],
  ['\u{113c5}', '\u{113c2}\u{113c2}'],
  ['\u{113c7}', '\u{113c2}\u{113b8}'],
  ['\u{113c8}', '\u{113c2}\u{113c9}'],
  // Gurung Khema
  ['\u{16121}', '\u{1611e}\u{1611e}'],
  ['\u{16122}', '\u{1611e}\u{16129}'],
  ['\u{16123}', '\u{1611e}\u{1611f}'],
  ['\u{16124}', '\u{16129}\u{1611f}'],
  ['\u{16125}', '\u{1611e}\u{16120}'],
  ['\u{16126}', '\u{1611e}\u{1611e}\u{1611f}'],
  ['\u{16127}', '\u{1611e}\u{16129}\u{1611f}'],
  ['\u{16128}', '\u{1611e}\u{1611e}\u{16120}'],
  // Kirat Rai
  ['\u{16d68}', '\u{16d67}\u{16d67}'],
  ['\u{16d69}', '\u{16d63}\u{16d67}'],
  ['\u{16d6a}', '\u{16d63}\u{16d67}\u{16d67}'],
  ...run(0x1ccd6, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'),
]);

const shifted = (first: number, last: number, by: number): [string, string][] =>
  Array.from({ length: last - first + 1 }, (_, i) => [
    String.fromCodePoint(first + i),
    String.fromCodePoint(first + i + by),
  ]);

/** Simple case foldings of capitals newer than Unicode 15.1. */
export const NEWER_FOLDINGS: ReadonlyMap<string, string> = new Map([
  ['\ua7cb', '\u0264'],
  ['\ua7cc', '\ua7cd'],
  ['\ua7ce', '\ua7cf'],
  ['\ua7d2', '\ua7d3'],
  ['\ua7d4', '\ua7d5'],
  ['\ua7da', '\ua7db'],
  ['\ua7dc', '\u019b'],
  ...shifted(0x10d50, 0x10d65, 0x20), // Garay
  ...shifted(0x16ea0, 0x16eb8, 0x1b), // Beria Erfe
]);
