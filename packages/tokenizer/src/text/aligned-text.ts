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

  /** Start in the original of the character that code unit `index` belongs to. */
  startAt(index: number): number {
    if (this.starts) return this.starts[index]!;
    const isLow = (this.text.charCodeAt(index) & 0xfc00) === 0xdc00;
    return this.origin + index - (isLow ? 1 : 0);
  }

  /** End (exclusive) in the original of the character that code unit `index` belongs to. */
  endAt(index: number): number {
    if (this.ends) return this.ends[index]!;
    const isHigh = (this.text.charCodeAt(index) & 0xfc00) === 0xd800;
    return this.origin + index + (isHigh ? 2 : 1);
  }

  /** The part between two code units of the current text. */
  slice(from: number, to: number): AlignedText {
    if (from === 0 && to === this.text.length) return this;
    const text = this.text.slice(from, to);
    if (!this.starts) return new AlignedText(text, this.origin + from);
    return new AlignedText(text, 0, this.starts.subarray(from, to), this.ends!.subarray(from, to));
  }

  /**
   * A changed copy, character by character. A change of 0 puts a character in the place of the next one of
   * the source, n < 0 also drops the −n characters after that, 1 inserts a character that is aligned as the
   * one before it.
   * @param skipped characters of the source dropped before the first change
   */
  transform(changes: readonly Change[], skipped = 0): AlignedText {
    let at = 0;
    const advance = (characters: number) => {
      for (let i = 0; i < characters && at < this.text.length; i++) {
        at += this.text.codePointAt(at)! > 0xffff ? 2 : 1;
      }
    };
    advance(skipped);
    let text = '';
    const starts: number[] = [];
    const ends: number[] = [];
    for (const [char, change] of changes) {
      const from = change > 0 ? Math.max(at - 1, 0) : at;
      // Inserted before everything, or replacing more than there is: an empty range at that point.
      const outside = (change > 0 && at === 0) || from >= this.text.length;
      const start = outside ? this.#edge(from) : this.startAt(from);
      const end = outside ? start : this.endAt(from);
      for (let unit = 0; unit < char.length; unit++) {
        starts.push(start);
        ends.push(end);
      }
      text += char;
      if (change <= 0) advance(1 - change);
    }
    return new AlignedText(text, 0, Int32Array.from(starts), Int32Array.from(ends));
  }

  #edge(index: number): number {
    if (index < this.text.length) return this.startAt(index);
    return this.text.length > 0 ? this.endAt(this.text.length - 1) : this.origin;
  }

  /** Without the characters that `keep` refuses. */
  filter(keep: (char: string) => boolean): AlignedText {
    const changes: Change[] = [];
    let removed = 0;
    let skipped = 0;
    for (const char of this.text) {
      if (!keep(char)) removed++;
      else {
        if (changes.length > 0) changes.at(-1)![1] = -removed;
        else skipped = removed;
        changes.push([char, 0]);
        removed = 0;
      }
    }
    return this.transform(changes, skipped);
  }

  /** Each character replaced by any number of others (at least one). */
  mapChars(map: (char: string) => string): AlignedText {
    const changes: Change[] = [];
    let changed = false;
    for (const char of this.text) {
      const mapped = map(char);
      changed ||= mapped !== char;
      let change = 0;
      for (const each of mapped) {
        changes.push([each, change]);
        change = 1;
      }
    }
    return changed ? this.transform(changes) : this;
  }

  /** With a text before it that is aligned as the first character is. An empty text stays empty. */
  prepend(text: string): AlignedText {
    const [first, ...rest] = this.text;
    if (first === undefined || text === '') return this;
    const changes: Change[] = [...text].map((char, i) => [char, i === 0 ? 0 : 1]);
    changes.push([first, 1]);
    for (const char of rest) changes.push([char, 0]);
    return this.transform(changes);
  }

  /** With every given range (in order, not overlapping) replaced by `content`. */
  replaceRanges(ranges: readonly [number, number][], content: string): AlignedText {
    if (ranges.length === 0) return this;
    let text = '';
    const starts: number[] = [];
    const ends: number[] = [];
    let copied = 0;
    const copy = (to: number) => {
      text += this.text.slice(copied, to);
      for (; copied < to; copied++) {
        starts.push(this.startAt(copied));
        ends.push(this.endAt(copied));
      }
    };
    for (const [start, end] of ranges) {
      copy(start);
      copied = end;
      text += content;
      // As the reference has it: what replaces a match is aligned to the match's last character.
      const at = end > 0 ? end - 1 : 0;
      for (let i = 0; i < content.length; i++) {
        starts.push(end > 0 ? this.startAt(at) : this.#edge(0));
        ends.push(end > 0 ? this.endAt(at) : this.#edge(0));
      }
    }
    copy(this.text.length);
    return new AlignedText(text, 0, Int32Array.from(starts), Int32Array.from(ends));
  }
}

/** One character of a changed text and what it did to the source: see `AlignedText.transform`. */
export type Change = [char: string, change: number];
