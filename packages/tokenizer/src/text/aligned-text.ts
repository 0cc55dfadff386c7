/**
 * A text on its way through normalizers and pre-tokenizers that remembers, for each of its UTF-16 code units,
 * which range of the original text it came from. While nothing has been changed the range is implied
 * (`origin + i`), so splitting an unchanged text costs no arrays.
 */
export class AlignedText {
  readonly text: string;
  /** Start in the original of the first code unit; used while `starts` is null. */
  readonly origin: number;
  readonly starts: Int32Array | null;
  readonly ends: Int32Array | null;

  constructor(text: string, origin = 0, starts: Int32Array | null = null, ends: Int32Array | null = null) {
    this.text = text;
    this.origin = origin;
    this.starts = starts;
    this.ends = ends;
  }

  get length(): number {
    return this.text.length;
  }

  /** Start in the original of code unit `index`. */
  startAt(index: number): number {
    return this.starts ? this.starts[index]! : this.origin + index;
  }

  /** End (exclusive) in the original of code unit `index`. */
  endAt(index: number): number {
    return this.ends ? this.ends[index]! : this.origin + index + 1;
  }

  /** The part between two code units of the current text. */
  slice(from: number, to: number): AlignedText {
    if (from === 0 && to === this.text.length) return this;
    const text = this.text.slice(from, to);
    if (!this.starts) return new AlignedText(text, this.origin + from);
    return new AlignedText(text, 0, this.starts.subarray(from, to), this.ends!.subarray(from, to));
  }

  /** The same alignment under a text of the same length (e.g. after lower-casing ASCII). */
  withText(text: string): AlignedText {
    return new AlignedText(text, this.origin, this.starts, this.ends);
  }

  /** A changed copy: `write` appends the new text piece by piece and says where each piece came from. */
  rewrite(write: (out: AlignedBuilder) => void): AlignedText {
    const out = new AlignedBuilder(this);
    write(out);
    return out.build();
  }
}

/** Collects the pieces of a changed text with their alignment. */
export class AlignedBuilder {
  #source: AlignedText;
  #text = '';
  #starts: number[] = [];
  #ends: number[] = [];

  constructor(source: AlignedText) {
    this.#source = source;
  }

  /** Appends code units `from` to `to` of the source, unchanged. */
  copy(from: number, to: number): void {
    this.#text += this.#source.text.slice(from, to);
    for (let i = from; i < to; i++) {
      this.#starts.push(this.#source.startAt(i));
      this.#ends.push(this.#source.endAt(i));
    }
  }

  /** Appends `text`, every unit of it aligned to the whole of what source units `from` to `to` came from. */
  replace(from: number, to: number, text: string): void {
    const start = this.#source.startAt(from);
    const end = this.#source.endAt(to - 1);
    this.#append(text, start, end);
  }

  /** Appends `text` that stands for nothing of the original, placed at the original position `at`. */
  insert(text: string, at: number): void {
    this.#append(text, at, at);
  }

  #append(text: string, start: number, end: number): void {
    this.#text += text;
    for (let i = 0; i < text.length; i++) {
      this.#starts.push(start);
      this.#ends.push(end);
    }
  }

  build(): AlignedText {
    return new AlignedText(this.#text, 0, Int32Array.from(this.#starts), Int32Array.from(this.#ends));
  }
}
