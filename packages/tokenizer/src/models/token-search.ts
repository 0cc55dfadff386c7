import { ByteTrie } from '../text/byte-trie.ts';
import { PairTable } from '../text/pair-table.ts';
import { KEY_MASKS, SHORT, ShortWords } from '../text/short-words.ts';

/** The longest token at a place of some UTF-8. The readable twin is `ByteTrie`, walked from the root. */
export class TokenSearch {
  /** The tokens that are longer than `SHORT` bytes or begin with other than ASCII. */
  readonly trie: ByteTrie;
  /** The tokens of at most `SHORT` bytes. */
  readonly short: ShortWords;
  /** By token: the longest token that is a proper prefix of it, or -1, plus 2; 0 = not known yet. */
  readonly #prefixes: Int32Array;
  /** The beginnings, `SHORT` bytes long, of the longer tokens; their nodes in the trie. */
  readonly #long = new ShortWords(1 << 14);
  /** By code point of a first character of three bytes: the node after it, plus 2, and the longest token; 0 = not known yet. */
  readonly #firsts = new Int32Array(0x20000);
  /** Nodes and further characters of three bytes; the nodes after them. */
  readonly #chars = new PairTable(1 << 12);
  #charNodes = new Int32Array(1 << 13);
  /** Nodes after which a token ends within a character of three bytes, as bits. */
  #partial: Int32Array;

  /**
   * @param limit ids are below this
   * @param size bytes that all tokens take
   */
  constructor(limit: number, size: number) {
    this.trie = new ByteTrie(limit, size >> 2);
    this.short = new ShortWords(limit);
    this.#prefixes = new Int32Array(limit);
    this.#partial = new Int32Array(((limit + size) >>> 5) + 1);
  }

  /** Adds the token `bytes[start..end)`; shorter ones must come first. 16 bytes more must be readable. */
  add(bytes: Uint8Array, view: DataView, start: number, end: number, token: number): void {
    const length = end - start;
    const by = Math.min(length, SHORT) << 2;
    const a = view.getInt32(start, true) & KEY_MASKS[by]!;
    const b = view.getInt32(start + 4, true) & KEY_MASKS[by + 1]!;
    const c = (view.getInt32(start + 8, true) & KEY_MASKS[by + 2]!) | KEY_MASKS[by + 3]!;
    if (length <= SHORT) this.short.add(a, b, c, token);
    if (length > SHORT || bytes[start]! >= 0x80) {
      this.trie.add(bytes, start, end, token);
      if (length > SHORT && this.#long.find(a, b, c) < 0) {
        this.#long.add(a, b, c, this.#nodeAt(bytes, start, start + SHORT));
      }
    }
    if (bytes[start]! >= 0x80) this.#addChars(bytes, start, end);
  }

  /** The longest token that is a proper prefix of `token`, which is `bytes[start..end)`, or -1. */
  prefixOf(token: number, bytes: Uint8Array, view: DataView, start: number, end: number): number {
    const known = this.#prefixes[token]!;
    if (known > 0) return known - 2;
    // Whatever stands after the token is not looked at.
    const prefix = end - start > 1 ? this.longest(bytes, view, start, end - 1) : -1;
    this.#prefixes[token] = prefix + 2;
    return prefix;
  }

  /** The longest token at `start`, before `stop`. There is one. */
  longest(bytes: Uint8Array, view: DataView, start: number, stop: number): number {
    const lead = bytes[start]!;
    if (lead >= 0x80) return this.#longestOfChars(bytes, start, stop);
    let length = stop - start;
    if (length > SHORT) {
      length = SHORT;
      const token = this.#longestOfLong(bytes, view, start, stop);
      if (token >= 0) return token;
    }
    return this.#longestOfShort(view, start, length);
  }

  /** The longest token of at most `length` and `SHORT` bytes, or -1. */
  #longestOfShort(view: DataView, start: number, length: number): number {
    const { short } = this;
    const a = view.getInt32(start, true);
    const b = view.getInt32(start + 4, true);
    const c = view.getInt32(start + 8, true);
    for (let size = length; size > 0; size--) {
      const by = size << 2;
      const token = short.find(
        a & KEY_MASKS[by]!,
        b & KEY_MASKS[by + 1]!,
        (c & KEY_MASKS[by + 2]!) | KEY_MASKS[by + 3]!,
      );
      if (token >= 0) return token;
    }
    return -1;
  }

  /** The longest token of more than `SHORT` bytes, or -1. */
  #longestOfLong(bytes: Uint8Array, view: DataView, start: number, stop: number): number {
    const by = SHORT << 2;
    const a = view.getInt32(start, true);
    const b = view.getInt32(start + 4, true);
    const c = (view.getInt32(start + 8, true) & KEY_MASKS[by + 2]!) | KEY_MASKS[by + 3]!;
    const { trie } = this;
    let node = this.#long.find(a, b, c);
    let token = -1;
    for (let at = start + SHORT; node >= 0 && at < stop; at++) {
      node = trie.step(node, bytes[at]!);
      if (node >= 0 && node < trie.limit) token = node;
    }
    return token;
  }

  /** The longest token at a byte that is not ASCII: characters of three bytes are taken as one. */
  #longestOfChars(bytes: Uint8Array, start: number, stop: number): number {
    const { trie } = this;
    const { limit } = trie;
    let node: number;
    let token: number;
    let at: number;
    if (bytes[start]! >= 0xe0 && bytes[start]! < 0xf0 && start + 3 <= stop) {
      const firsts = this.#firsts;
      const codePoint = charAt(bytes, start) << 1;
      if (firsts[codePoint] === 0) this.#findFirst(bytes, start, codePoint);
      node = firsts[codePoint]! - 2;
      token = firsts[codePoint + 1]!;
      at = start + 3;
    } else {
      token = node = trie.roots[bytes[start]!]!;
      at = start + 1;
    }
    while (node >= 0 && at < stop) {
      const lead = bytes[at]!;
      const isWhole = lead >= 0xe0 && lead < 0xf0 && at + 3 <= stop;
      if (isWhole && (this.#partial[node >>> 5]! & (1 << (node & 31))) === 0) {
        const edge = this.#chars.find(node, charAt(bytes, at));
        if (edge < 0) return token;
        node = this.#charNodes[edge]!;
        at += 3;
      } else node = trie.step(node, bytes[at++]!);
      if (node >= 0 && node < limit) token = node;
    }
    return token;
  }

  /** Finds out where the three bytes of a character lead in the trie. */
  #findFirst(bytes: Uint8Array, start: number, place: number): void {
    const { trie } = this;
    let node = trie.roots[bytes[start]!]!;
    let token = node;
    for (let at = start + 1; at < start + 3 && node >= 0; at++) {
      node = trie.step(node, bytes[at]!);
      if (node >= 0 && node < trie.limit) token = node;
    }
    this.#firsts[place] = node + 2;
    this.#firsts[place + 1] = token;
  }

  #nodeAt(bytes: Uint8Array, start: number, end: number): number {
    let node = this.trie.roots[bytes[start]!]!;
    for (let at = start + 1; at < end; at++) node = this.trie.step(node, bytes[at]!);
    return node;
  }

  /** Notes the characters of three bytes after the first character of a token, as far as they are whole. */
  #addChars(bytes: Uint8Array, start: number, end: number): void {
    const { trie } = this;
    const first = lengthOf(bytes[start]!);
    if (start + first >= end) return;
    let node = this.#nodeAt(bytes, start, start + first);
    for (let at = start + first; at < end; ) {
      const length = lengthOf(bytes[at]!);
      if (at + length > end) {
        this.#partial[node >>> 5]! |= 1 << (node & 31);
        return;
      }
      const from = node;
      for (let i = 0; i < length; i++) node = trie.step(node, bytes[at + i]!);
      if (length === 3) {
        const edge = this.#chars.findOrAdd(from, charAt(bytes, at));
        if (edge === this.#charNodes.length) {
          const grown = new Int32Array(edge * 2);
          grown.set(this.#charNodes);
          this.#charNodes = grown;
        }
        this.#charNodes[edge] = node;
      }
      at += length;
    }
  }
}

/** Bytes of the character that begins with `lead`; 1 for what begins none. */
const lengthOf = (lead: number) => (lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);

/** The code point of a character of three bytes. */
const charAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! & 0xf) << 12) | ((bytes[at + 1]! & 0x3f) << 6) | (bytes[at + 2]! & 0x3f);
