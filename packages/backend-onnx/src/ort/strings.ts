import { addressOf } from './api.ts';

/** C strings and the array of pointers to them; keep both referenced as long as C may read them. */
export interface StringTable {
  pointers: BigUint64Array;
  bytes: Uint8Array;
  length: number;
}

/** Lays strings out as the `const char* const*` that the C API expects. */
export function stringTable(strings: readonly string[]): StringTable {
  const encoded = strings.map((s) => new TextEncoder().encode(`${s}\0`));
  const total = encoded.reduce((sum, s) => sum + s.length, 0);
  const bytes = new Uint8Array(new ArrayBuffer(Math.max(1, total)));
  const pointers = new BigUint64Array(new ArrayBuffer(8 * Math.max(1, strings.length)));
  const start = addressOf(bytes);
  let offset = 0;
  encoded.forEach((s, i) => {
    bytes.set(s, offset);
    pointers[i] = start + BigInt(offset);
    offset += s.length;
  });
  return { pointers, bytes, length: strings.length };
}
