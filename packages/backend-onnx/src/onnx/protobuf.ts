/** A growing byte buffer with the three protobuf wire types that ONNX needs: varint, 32-bit and bytes. */
export class ProtobufWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  /** Integer field: `int32`, `int64` or `enum`. Negative numbers take ten bytes, as in every protobuf writer. */
  int(field: number, value: number): void {
    this.#varint(field * 8);
    this.#varint(value);
  }

  /** `float` field. */
  float(field: number, value: number): void {
    this.#varint(field * 8 + 5);
    this.#reserve(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  /** `string` field, UTF-8. */
  string(field: number, value: string): void {
    if (/^[\0-\x7f]*$/.test(value)) {
      this.#varint(field * 8 + 2);
      this.#varint(value.length);
      this.#reserve(value.length);
      for (let i = 0; i < value.length; i++) this.#bytes[this.#length++] = value.charCodeAt(i);
    } else {
      this.bytes(field, new TextEncoder().encode(value));
    }
  }

  /** `bytes` field. */
  bytes(field: number, value: Uint8Array): void {
    this.#varint(field * 8 + 2);
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Packed `repeated int64` field. */
  ints(field: number, values: readonly number[]): void {
    this.message(field, (w) => {
      for (const value of values) w.#varint(value);
    });
  }

  /** Packed `repeated float` field. */
  floats(field: number, values: readonly number[]): void {
    this.bytes(field, new Uint8Array(Float32Array.from(values).buffer));
  }

  /** Nested message, written in place: its length, unknown until then, is inserted afterwards. */
  message(field: number, write: (w: ProtobufWriter) => void): void {
    this.#varint(field * 8 + 2);
    const start = this.#length;
    write(this);
    const length = this.#length - start;
    let width = 1;
    for (let rest = length; rest >= 128; rest = Math.floor(rest / 128)) width++;
    this.#reserve(width);
    this.#bytes.copyWithin(start + width, start, this.#length);
    this.#length = start;
    this.#varint(length);
    this.#length = start + width + length;
  }

  /** The bytes written so far. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #varint(value: number): void {
    this.#reserve(10);
    if (value >= 0) {
      while (value >= 128) {
        this.#bytes[this.#length++] = (value % 128) | 128;
        value = Math.floor(value / 128);
      }
      this.#bytes[this.#length++] = value;
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 128n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
