/** Words of a text, in lower case and without punctuation, in any script; each character of Chinese or Japanese is one. */
export function words(text: string): string[] {
  return (
    text.toLowerCase().match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}]+/gu) ?? []
  );
}

/** Hashes a text to 32 bits (FNV-1a over UTF-16 units, finished as MurmurHash3). */
export function hashText(text: string, seed = 0): number {
  let h = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Hash of each run of `n` words; of all together when there are fewer. Equal runs give equal hashes. */
export function shingles(tokens: readonly string[], n: number): Uint32Array {
  const hashes = tokens.map((token) => hashText(token));
  const count = Math.max(1, tokens.length - n + 1);
  const result = new Uint32Array(tokens.length === 0 ? 0 : count);
  for (let i = 0; i < result.length; i++) {
    let h = 0x9e3779b9;
    for (let k = i; k < Math.min(i + n, hashes.length); k++) {
      h = Math.imul(h ^ hashes[k]!, 0xcc9e2d51);
      h = (h << 13) | (h >>> 19);
    }
    result[i] = Math.imul(h ^ (h >>> 16), 0x85ebca6b) >>> 0;
  }
  return result;
}
