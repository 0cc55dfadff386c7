import type { Data } from 'apache-arrow';

export type Arrow = typeof import('apache-arrow');

/**
 * How a column stores its values: text, whole numbers (64 bits), numbers (float64), truth values, bytes, or `json`:
 * lists, objects and mixed types as JSON text.
 */
export type Kind = 'string' | 'int' | 'number' | 'boolean' | 'bytes' | 'json';

/** Metadata of a field whose text is JSON. */
export const JSON_FIELD = 'attune.json';

/** What stands for bytes within JSON text. */
const BYTES_KEY = '\u0000bytes';

/** The narrowest kind that stores a value. */
export function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? 'int' : 'number';
    case 'bigint':
      return BigInt.asIntN(64, value) === value ? 'int' : 'json';
    default:
      return value instanceof Uint8Array ? 'bytes' : 'json';
  }
}

/** The narrowest kind that stores what either kind stores. */
export function widen(a: Kind, b: Kind): Kind {
  if (a === b) return a;
  return (a === 'int' && b === 'number') || (a === 'number' && b === 'int') ? 'number' : 'json';
}

/** JSON text of any value; `fromJsonText` gives it back. */
export function toJsonText(value: unknown): string {
  return JSON.stringify(value, (_, inner) => {
    if (typeof inner === 'bigint') return inner.toString();
    return inner instanceof Uint8Array ? { [BYTES_KEY]: Buffer.from(inner).toString('base64') } : inner;
  });
}

/** The value of JSON text that `toJsonText` wrote. */
export function fromJsonText(text: string): unknown {
  if (!text.includes('\\u0000bytes')) return JSON.parse(text);
  return JSON.parse(text, (_, inner) =>
    typeof inner?.[BYTES_KEY] === 'string' ? new Uint8Array(Buffer.from(inner[BYTES_KEY], 'base64')) : inner,
  );
}

/** Collects the values of one column into the buffers of an Arrow array, without an object per value. */
export class ColumnBuilder {
  readonly kind: Kind;
  #length = 0;
  #nulls = 0;
  #validity = new Uint8Array(64);
  /** Text and bytes: what they hold, and where each value ends. */
  #bytes = Buffer.alloc(0);
  #used = 0;
  #ends = new Int32Array(256);
  /** Everything else. */
  #numbers = new Float64Array(256);
  #integers = new BigInt64Array(0);

  constructor(kind: Kind) {
    this.kind = kind;
    if (kind === 'int') this.#integers = new BigInt64Array(256);
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes that the text so far takes. */
  get bytes(): number {
    return this.#used;
  }

  /** Appends a value that the kind can store; null and undefined leave a gap. */
  append(value: unknown): void {
    const index = this.#length++;
    if (index + 1 >= this.#ends.length) this.#grow();
    if (value === null || value === undefined) {
      this.#nulls++;
      this.#ends[index + 1] = this.#used;
      return;
    }
    this.#validity[index >> 3]! |= 1 << (index & 7);
    switch (this.kind) {
      case 'string':
        this.#appendText(index, value as string);
        break;
      case 'json':
        this.#appendText(index, toJsonText(value));
        break;
      case 'bytes':
        this.#reserve((value as Uint8Array).length);
        this.#bytes.set(value as Uint8Array, this.#used);
        this.#used += (value as Uint8Array).length;
        this.#ends[index + 1] = this.#used;
        break;
      case 'int':
        this.#integers[index] = BigInt(value as number | bigint);
        break;
      default:
        this.#numbers[index] = Number(value);
    }
  }

  /** What was appended as an Arrow array; the builder is empty afterwards. */
  finish(arrow: Arrow): Data {
    const length = this.#length;
    const common = {
      length,
      nullCount: this.#nulls,
      nullBitmap: this.#nulls > 0 ? this.#validity.slice(0, (length + 7) >> 3) : undefined,
    };
    const valueOffsets = this.#ends.slice(0, length + 1);
    const bytes = new Uint8Array(this.#bytes.subarray(0, this.#used));
    const data = (() => {
      switch (this.kind) {
        case 'string':
        case 'json':
          return arrow.makeData({ type: new arrow.Utf8(), ...common, valueOffsets, data: bytes });
        case 'bytes':
          return arrow.makeData({ type: new arrow.Binary(), ...common, valueOffsets, data: bytes });
        case 'int':
          return arrow.makeData({
            type: new arrow.Int64(),
            ...common,
            data: this.#integers.slice(0, length),
          });
        case 'number':
          return arrow.makeData({
            type: new arrow.Float64(),
            ...common,
            data: this.#numbers.slice(0, length),
          });
        case 'boolean':
          return arrow.makeData({ type: new arrow.Bool(), ...common, data: packBits(this.#numbers, length) });
      }
    })();
    this.#length = 0;
    this.#nulls = 0;
    this.#used = 0;
    this.#validity.fill(0);
    return data as Data;
  }

  #appendText(index: number, text: string): void {
    // A UTF-16 unit takes at most three bytes.
    this.#reserve(3 * text.length);
    this.#used += this.#bytes.write(text, this.#used);
    this.#ends[index + 1] = this.#used;
  }

  #reserve(count: number): void {
    if (this.#used + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#used + count, 1 << 12));
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }

  #grow(): void {
    const size = 2 * this.#ends.length;
    this.#ends = copyInto(new Int32Array(size), this.#ends);
    this.#validity = copyInto(new Uint8Array(size >> 2), this.#validity);
    if (this.kind === 'int') this.#integers = copyInto(new BigInt64Array(size), this.#integers);
    else this.#numbers = copyInto(new Float64Array(size), this.#numbers);
  }
}

function copyInto<T extends { set(from: T): void }>(target: T, source: T): T {
  target.set(source);
  return target;
}

function packBits(values: Float64Array, length: number): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3);
  for (let i = 0; i < length; i++) if (values[i] === 1) bits[i >> 3]! |= 1 << (i & 7);
  return bits;
}
