/**
 * A trie over bytes in one hash table of edges. The node of an entry is its value, so that a step says at once
 * whether an entry ends there; nodes inside have numbers from `limit` up.
 */
export class ByteTrie {
  /** Values are below this. */
  readonly limit: number;
  /** Pairs `edgeKey(node, byte)`, next node; 0 = empty. */
  edges: Int32Array;
  /** `edgeHash(key) >>> shift` is the place of a pair. */
  shift: number;
  /** A bit for each hash of an edge: small enough to stay near, and the last step of every search fails. */
  filter: Int32Array;
  /** The nodes after each first byte, -1 where there is none. */
  readonly roots: Int32Array = new Int32Array(256).fill(-1);
  #nextNode: number;
  #size = 0;

  /**
   * @param limit values are from 0 to below this
   * @param capacity edges expected
   */
  constructor(limit: number, capacity: number) {
    this.limit = limit;
    this.#nextNode = limit;
    const bits = Math.max(5, Math.ceil(Math.log2(capacity * 1.5)));
    this.shift = 32 - bits;
    this.edges = new Int32Array(2 << bits);
    this.filter = new Int32Array(1 << (bits + FILTER_BITS - 5));
  }

  /**
   * Adds `bytes[start..end)`, which must not be empty. An entry must come after all its prefixes that are
   * entries too.
   * @returns the longest entry that is a proper prefix, or -1
   */
  add(bytes: Uint8Array, start: number, end: number, value: number): number {
    const last = end - 1;
    const first = bytes[start]!;
    if (start === last) {
      this.roots[first] = value;
      return -1;
    }
    let node = this.roots[first]!;
    if (node < 0) this.roots[first] = node = this.#nextNode++;
    let prefix = node < this.limit ? node : -1;
    for (let at = start + 1; at < last; at++) {
      const next = this.step(node, bytes[at]!);
      node = next >= 0 ? next : this.#link(node, bytes[at]!, this.#nextNode++);
      if (node < this.limit) prefix = node;
    }
    this.#link(node, bytes[last]!, value);
    return prefix;
  }

  /** The node after `byte` from `node`, or -1. */
  step(node: number, byte: number): number {
    const { edges, shift, filter } = this;
    const key = edgeKey(node, byte);
    const hash = edgeHash(key);
    const bit = hash >>> (shift - FILTER_BITS);
    if ((filter[bit >>> 5]! & (1 << (bit & 31))) === 0) return -1;
    const mask = edges.length - 1;
    for (let slot = (hash >>> shift) << 1; ; slot = (slot + 2) & mask) {
      const found = edges[slot]!;
      if (found === key) return edges[slot + 1]!;
      if (found === 0) return -1;
    }
  }

  /** The value of `bytes[start..end)`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (start >= end) return -1;
    let node = this.roots[bytes[start]!]!;
    for (let at = start + 1; node >= 0 && at < end; at++) node = this.step(node, bytes[at]!);
    return node < this.limit ? node : -1;
  }

  #link(node: number, byte: number, next: number): number {
    if (++this.#size * 8 > this.edges.length * 3) this.#grow();
    this.#place(edgeKey(node, byte), next);
    return next;
  }

  #place(key: number, next: number): void {
    const { edges, filter } = this;
    const mask = edges.length - 1;
    const hash = edgeHash(key);
    const bit = hash >>> (this.shift - FILTER_BITS);
    filter[bit >>> 5]! |= 1 << (bit & 31);
    let slot = (hash >>> this.shift) << 1;
    while (edges[slot] !== 0) slot = (slot + 2) & mask;
    edges[slot] = key;
    edges[slot + 1] = next;
  }

  #grow(): void {
    const old = this.edges;
    this.shift--;
    this.edges = new Int32Array(old.length * 2);
    this.filter = new Int32Array(this.filter.length * 2);
    for (let from = 0; from < old.length; from += 2) {
      if (old[from] !== 0) this.#place(old[from]!, old[from + 1]!);
    }
  }
}

/** The filter has 2 to this as many bits as the table has places. */
const FILTER_BITS = 2;

/** Identifies an edge; never 0. */
const edgeKey = (node: number, byte: number): number => ((node << 8) | byte) + 1;

/** Its high bits are the best. */
const edgeHash = (key: number): number => Math.imul(key ^ (key >>> 15), 0x9e3779b1);
