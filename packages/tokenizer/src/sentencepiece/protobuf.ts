/** One field of a protocol buffer message: varints as numbers, fixed-size and length-delimited as bytes. */
export interface Field {
  number: number;
  wireType: number;
  value: number;
  bytes: Uint8Array<ArrayBufferLike>;
}

const EMPTY: Uint8Array = new Uint8Array(0);

/**
 * Reads the fields of a message, in order.
 * @throws where the bytes are not a message
 */
export function readFields(data: Uint8Array, what: string): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const fail = (reason: string): never => {
    throw new Error(`${what}: not a protocol buffer message (${reason} at byte ${at} of ${data.length})`);
  };
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= data.length) return fail('a number is cut off');
      const byte = data[at++]!;
      // Beyond 2^53 only negative numbers occur, of which the low 32 bits are enough.
      if (shift < 49) value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return fail('a number is too long');
  };
  const take = (length: number): Uint8Array => {
    if (length > data.length - at) return fail(`a field of ${length} bytes is cut off`);
    at += length;
    return data.subarray(at - length, at);
  };
  while (at < data.length) {
    const key = varint();
    const field: Field = { number: Math.floor(key / 8), wireType: key % 8, value: 0, bytes: EMPTY };
    if (field.number === 0) fail('field number 0');
    if (field.wireType === 0) field.value = varint();
    else if (field.wireType === 1) field.bytes = take(8);
    else if (field.wireType === 2) field.bytes = take(varint());
    else if (field.wireType === 5) field.bytes = take(4);
    else fail(`unknown wire type ${field.wireType}`);
    fields.push(field);
  }
  return fields;
}

/** A 32-bit float field. */
export const floatOf = ({ bytes }: Field): number =>
  bytes.length === 4 ? new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true) : 0;

const FLOAT = new DataView(new ArrayBuffer(4));
const UTF8 = new TextEncoder();

/** Writes a message field by field. */
export class MessageWriter {
  readonly #bytes: number[] = [];

  #varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes.push((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes.push(rest);
  }

  /** A non-negative integer, or a boolean as 0 or 1. */
  integer(field: number, value: number | boolean): this {
    this.#varint(field * 8);
    if (Number(value) >= 0) this.#varint(Number(value));
    else {
      // Negative numbers are written as 64-bit two's complement.
      let rest = BigInt.asUintN(64, BigInt(Number(value)));
      for (; rest >= 0x80n; rest >>= 7n) this.#bytes.push(Number(rest & 0x7fn) | 0x80);
      this.#bytes.push(Number(rest));
    }
    return this;
  }

  float(field: number, value: number): this {
    this.#varint(field * 8 + 5);
    FLOAT.setFloat32(0, value, true);
    for (let i = 0; i < 4; i++) this.#bytes.push(FLOAT.getUint8(i));
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint(field * 8 + 2);
    this.#varint(value.length);
    for (const byte of value) this.#bytes.push(byte);
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, UTF8.encode(value));
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}
