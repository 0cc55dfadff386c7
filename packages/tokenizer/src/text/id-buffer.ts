/** A copy of a part of this is the fastest way to an array of plain integers. */
const ZEROS: readonly number[] = new Array<number>(1 << 14).fill(0);

/** Ids on their way out: a typed array that grows. */
export class IdBuffer {
  ids = new Int32Array(1 << 12);
  count = 0;

  /** Makes room for `more` ids; `ids` may be another array afterwards. */
  reserve(more: number): void {
    if (this.count + more <= this.ids.length) return;
    const ids = new Int32Array(Math.max(this.count + more, this.ids.length * 2));
    ids.set(this.ids.subarray(0, this.count));
    this.ids = ids;
  }

  push(id: number): void {
    if (this.count === this.ids.length) this.reserve(1);
    this.ids[this.count++] = id;
  }

  toArray(): number[] {
    const { ids, count } = this;
    const array = count <= ZEROS.length ? ZEROS.slice(0, count) : new Array<number>(count);
    for (let i = 0; i < count; i++) array[i] = ids[i]!;
    return array;
  }
}
