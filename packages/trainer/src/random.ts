/**
 * A 31-bit number that is a pure function of its words, e.g. `hash(seed, step, 'dropout')`: counter-based
 * randomness, so that a resumed run needs no generator state. The mixing is MurmurHash3's (Appleby, 2011).
 */
export function hash(...words: readonly (number | string)[]): number {
  let state = 0x9747b28c;
  for (const word of words) {
    if (typeof word === 'string')
      for (const byte of new TextEncoder().encode(word)) state = absorb(state, byte);
    else state = absorb(absorb(state, word | 0), Math.floor(word / 2 ** 32) | 0);
  }
  state ^= state >>> 16;
  state = Math.imul(state, 0x85ebca6b);
  state ^= state >>> 13;
  state = Math.imul(state, 0xc2b2ae35);
  state ^= state >>> 16;
  return state & 0x7fffffff;
}

function absorb(state: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const mixed = state ^ Math.imul(k, 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}
