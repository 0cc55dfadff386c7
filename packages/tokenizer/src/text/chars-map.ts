const utf8 = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * SentencePiece's `precompiled_charsmap`: a double-array trie (Darts-clone) from byte strings to positions in
 * a block of zero-terminated replacements. Layout: trie size in bytes (uint32, little endian), trie units,
 * replacements.
 */
export class CharsMap {
  /** Of the trie. */
  readonly units: Uint32Array;
  readonly replacements: Uint8Array;

  /** @throws where the sizes do not fit */
  constructor(blob: Uint8Array) {
    const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
    const trieBytes = blob.length >= 4 ? view.getUint32(0, true) : 0;
    if (blob.length > 0 && (blob.length < 4 || trieBytes % 4 !== 0 || 4 + trieBytes > blob.length)) {
      throw new Error(
        `precompiled_charsmap: the trie must take a multiple of 4 bytes within the ${blob.length} there are, found ${trieBytes}`,
      );
    }
    this.units = new Uint32Array(trieBytes / 4);
    for (let i = 0; i < this.units.length; i++) this.units[i] = view.getUint32(4 + i * 4, true);
    this.replacements = blob.subarray(blob.length > 0 ? 4 + trieBytes : 0);
  }

  /** What the rules make of a string: the replacement of its longest-first matching prefix, or null. */
  exact(text: string): string | null {
    // As in the reference, the first (shortest) rule that begins the string replaces all of it.
    const [first] = this.prefixes(utf8.encode(text), 0);
    return first === undefined ? null : this.replacement(first.value);
  }

  /** The longest rule that matches bytes at `start`: how many it consumes and what it puts there. */
  longest(bytes: Uint8Array, start: number): { length: number; replacement: Uint8Array } | null {
    const found = this.prefixes(bytes, start).at(-1);
    if (!found) return null;
    return { length: found.length, replacement: this.#replacementBytes(found.value) };
  }

  /** How many bytes the rule that `longestAt` found consumes. */
  matched = 0;

  /** The longest rule that matches bytes at `start`: its value, or -1. After the text must stand 0. */
  longestAt(bytes: Uint8Array, start: number): number {
    const units = this.units;
    let value = -1;
    if (units.length === 0) return value;
    let node = offsetOf(units[0]!);
    for (let at = start; ; at++) {
      const byte = bytes[at];
      if (byte === undefined || byte === 0) return value;
      node ^= byte;
      if (node >= units.length) return value;
      const unit = units[node]!;
      if ((unit & 0x800000ff) >>> 0 !== byte) return value;
      node ^= offsetOf(unit);
      if (node >= units.length) return value;
      if ((unit >>> 8) & 1) {
        value = units[node]! & 0x7fffffff;
        this.matched = at + 1 - start;
      }
    }
  }

  /** The replacement of a rule, as a range of bytes. */
  replacementAt(value: number): { bytes: Uint8Array; start: number; end: number } {
    const end = this.replacements.indexOf(0, value);
    return { bytes: this.replacements, start: value, end: end < 0 ? this.replacements.length : end };
  }

  replacement(value: number): string {
    return decoder.decode(this.#replacementBytes(value));
  }

  #replacementBytes(value: number): Uint8Array {
    const end = this.replacements.indexOf(0, value);
    return this.replacements.subarray(value, end < 0 ? this.replacements.length : end);
  }

  /**
   * All rules, source to target.
   * @throws where the trie goes deeper or wider than any that a compiler makes
   */
  rules(): Map<string, string> {
    const rules = new Map<string, string>();
    const units = this.units;
    const source: number[] = [];
    let visits = 0;
    const visit = (base: number) => {
      if (source.length > 1024 || ++visits > 2 ** 20) {
        throw new Error('precompiled_charsmap: the trie leads in circles; the file is damaged');
      }
      for (let byte = 1; byte < 256; byte++) {
        const unit = units[base ^ byte];
        if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) continue;
        const next = base ^ byte ^ offsetOf(unit);
        source.push(byte);
        if ((unit >>> 8) & 1 && next < units.length) {
          rules.set(decoder.decode(Uint8Array.from(source)), this.replacement(units[next]! & 0x7fffffff));
        }
        visit(next);
        source.pop();
      }
    };
    if (units.length > 0) visit(offsetOf(units[0]!));
    return rules;
  }

  /** Whether some rule begins with these bytes, or is a beginning of them. */
  begins(bytes: Uint8Array): boolean {
    const units = this.units;
    if (units.length === 0) return false;
    let node = offsetOf(units[0]!);
    for (const byte of bytes) {
      node ^= byte;
      const unit = units[node];
      if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) return false;
      if ((unit >>> 8) & 1) return true;
      node ^= offsetOf(unit);
    }
    return true;
  }

  /** All rules whose source begins at `start`, shortest first. */
  prefixes(bytes: Uint8Array, start: number): { length: number; value: number }[] {
    const found: { length: number; value: number }[] = [];
    const units = this.units;
    if (units.length === 0) return found;
    let node = offsetOf(units[0]!);
    for (let at = start; at < bytes.length && bytes[at] !== 0; at++) {
      node ^= bytes[at]!;
      if (node >= units.length) return found;
      const unit = units[node]!;
      if ((unit & 0x800000ff) >>> 0 !== bytes[at]) return found;
      node ^= offsetOf(unit);
      if (node >= units.length) return found;
      if ((unit >>> 8) & 1) found.push({ length: at + 1 - start, value: units[node]! & 0x7fffffff });
    }
    return found;
  }
}

/** The offset bits of a unit of the double array. */
const offsetOf = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);
