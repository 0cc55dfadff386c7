/** Bytes that may be read after the text. */
const PADDING = 16;
const utf8 = new TextEncoder();

/**
 * The UTF-8 of a text, a part at a time, so that a long text takes no more memory than a short one. Lone
 * surrogates become U+FFFD.
 */
export class Utf8Window {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView;
  /** The part is `bytes[0..end)`; after it stands 0xff. */
  end = 0;
  /** Whether the text goes on after the part. */
  more = false;
  #units: number;
  #text = '';
  #start = 0;
  #stop = 0;

  /** @param units UTF-16 code units in a part */
  constructor(units = 1 << 15) {
    this.#units = units;
    this.bytes = new Uint8Array(units * 3 + PADDING);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Shows the beginning of a text. */
  open(text: string): void {
    this.#text = text;
    this.#start = 0;
    this.#show();
  }

  /** Shows what comes after the first `consumed` bytes of this part; if they are 0, more than now. */
  advance(consumed: number): void {
    const { bytes, end } = this;
    if (consumed === 0) this.#grow();
    let left = 0; // code units
    for (let at = consumed; at < end; at++) {
      const byte = bytes[at]!;
      if ((byte & 0xc0) !== 0x80) left += byte < 0xf0 ? 1 : 2;
    }
    this.#start = this.#stop - left;
    this.#show();
  }

  #show(): void {
    const text = this.#text;
    let stop = Math.min(text.length, this.#start + this.#units);
    this.more = stop < text.length;
    if (this.more && (text.charCodeAt(stop - 1) & 0xfc00) === 0xd800) stop--;
    const part = stop - this.#start === text.length ? text : text.substring(this.#start, stop);
    const { written } = utf8.encodeInto(part, this.bytes);
    this.#stop = stop;
    this.end = written;
    this.bytes.fill(0, written, written + PADDING);
    this.bytes[written] = 0xff;
  }

  #grow(): void {
    this.#units *= 2;
    const bytes = new Uint8Array(this.#units * 3 + PADDING);
    bytes.set(this.bytes.subarray(0, this.end));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}
