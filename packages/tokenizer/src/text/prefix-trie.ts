import { PairTable } from './pair-table.ts';

/** A trie over UTF-16 code units: finds every entry that begins at a position of a text. */
export class PrefixTrie {
  readonly #edges: PairTable; // (node, code unit) → node - 1
  readonly #values: Int32Array; // by node, -1 where no entry ends
  readonly #roots = new Int32Array(0x10000);

  /** @param entries texts and their values; of equal texts the last counts */
  constructor(entries: Iterable<[text: string, value: number]>) {
    const list = [...entries];
    this.#edges = new PairTable(list.reduce((sum, [text]) => sum + text.length, 16));
    const values: number[] = [-1];
    for (const [text, value] of list) {
      let node = 0;
      for (let i = 0; i < text.length; i++) {
        node = this.#edges.findOrAdd(node, text.charCodeAt(i)) + 1;
        if (node === values.length) values.push(-1);
      }
      if (node > 0) values[node] = value;
    }
    this.#values = Int32Array.from(values);
    for (let unit = 0; unit < 0x10000; unit++) this.#roots[unit] = this.#edges.find(0, unit) + 1;
  }

  /** The node after `unit` from `node` (0 is the root), or 0 where there is none. */
  step(node: number, unit: number): number {
    return node === 0 ? this.#roots[unit]! : this.#edges.find(node, unit) + 1;
  }

  /** The value of the entry that ends at a node, or -1. */
  valueAt(node: number): number {
    return this.#values[node]!;
  }
}
