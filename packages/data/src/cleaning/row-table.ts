/** Maps 32-bit hashes to row numbers, several to a hash; eight bytes an entry and no objects. */
export class RowTable {
  #keys = new Uint32Array(1 << 10);
  /** Row + 1; 0 is free. */
  #rows = new Uint32Array(1 << 10);
  #size = 0;

  /** Rows that were added under this hash. */
  *find(key: number): Generator<number> {
    const last = this.#keys.length - 1;
    for (let slot = key & last; this.#rows[slot] !== 0; slot = (slot + 1) & last)
      if (this.#keys[slot] === key) yield this.#rows[slot]! - 1;
  }

  add(key: number, row: number): void {
    if (2 * this.#size >= this.#keys.length) this.#grow();
    this.#put(key, row + 1);
    this.#size++;
  }

  #put(key: number, value: number): void {
    const last = this.#keys.length - 1;
    let slot = key & last;
    while (this.#rows[slot] !== 0) slot = (slot + 1) & last;
    this.#keys[slot] = key;
    this.#rows[slot] = value;
  }

  #grow(): void {
    const [keys, rows] = [this.#keys, this.#rows];
    this.#keys = new Uint32Array(2 * keys.length);
    this.#rows = new Uint32Array(2 * keys.length);
    for (let slot = 0; slot < keys.length; slot++) if (rows[slot] !== 0) this.#put(keys[slot]!, rows[slot]!);
  }
}
