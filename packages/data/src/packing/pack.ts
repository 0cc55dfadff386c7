/**
 * Packs sequences into rows of a fixed capacity by best-fit decreasing: the longest first, each into the fullest row
 * that still has room (Johnson 1974: at most 11/9 of the fewest rows possible, plus one).
 *
 * @param lengths length of each sequence
 * @param capacity length of a row
 * @returns for each row the indices of its sequences
 * @throws when a sequence is longer than a row
 */
export function pack(lengths: ArrayLike<number>, capacity: number): number[][] {
  const order = Array.from(lengths, (_, i) => i).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const rows: number[][] = [];
  // Rows by the room they have left; `roomy` finds the least sufficient room in O(log capacity).
  const byRoom: number[][] = Array.from({ length: capacity + 1 }, () => []);
  const roomy = new OccupancyTree(capacity + 1);
  for (const index of order) {
    const length = lengths[index]!;
    if (length > capacity)
      throw new Error(`pack: sequence ${index} has length ${length}, more than the capacity ${capacity}`);
    const room = roomy.firstFrom(length);
    const row = room < 0 ? rows.push([]) - 1 : byRoom[room]!.pop()!;
    if (room >= 0 && byRoom[room]!.length === 0) roomy.set(room, false);
    rows[row]!.push(index);
    const left = (room < 0 ? capacity : room) - length;
    byRoom[left]!.push(row);
    roomy.set(left, true);
  }
  return rows;
}

/** A set of small integers that answers "the least member ≥ x" in O(log size). */
class OccupancyTree {
  readonly #leaves: number;
  readonly #occupied: Uint8Array;

  constructor(size: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(size, 2)));
    this.#occupied = new Uint8Array(2 * this.#leaves);
  }

  set(member: number, present: boolean): void {
    let node = this.#leaves + member;
    this.#occupied[node] = present ? 1 : 0;
    for (node >>= 1; node >= 1; node >>= 1)
      this.#occupied[node] = this.#occupied[2 * node]! | this.#occupied[2 * node + 1]!;
  }

  /** The least member ≥ `from`, or −1. */
  firstFrom(from: number): number {
    let node = this.#leaves + from;
    if (this.#occupied[node]) return from;
    // Climb until a right sibling is occupied, then descend to its leftmost member.
    while (node > 1 && (node % 2 === 1 || !this.#occupied[node + 1])) node >>= 1;
    if (node <= 1) return -1;
    node++;
    while (node < this.#leaves) node = this.#occupied[2 * node] ? 2 * node : 2 * node + 1;
    return node - this.#leaves;
  }
}
