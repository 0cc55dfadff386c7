/**
 * Which merge makes each token, for lists of merges with which BPE never has to go back to an earlier one. The
 * encoding of a text is then the one sequence of tokens whose neighbours, taken two by two, are each encoded as
 * those two tokens, which makes it findable from left to right.
 *
 * A merge is live where BPE on the bytes of its token ends with it; others never happen. Source of the idea:
 * "So many tokens, so little time" (GitHub, 2024); the proof for arbitrary lists is in `docs/log.md`.
 */
export class MergeTree {
  /** Four numbers a token: rank of its live merge (-1 for a byte, `DEAD` where BPE never makes it), left, right, 0. */
  readonly #nodes: Int32Array;
  /** Live merges: left, right, rank, 0; empty where left is -1. */
  readonly #pairs: Int32Array;
  readonly #shift: number;
  /** A bit for the hashes of live merges: most pairs are none, and this is small enough to stay near. */
  readonly #filter: Int32Array;
  /** Pairs asked about lately: left, right << 1 | valid. */
  readonly #memory = new Int32Array(2 << MEMORY_BITS).fill(-1);

  private constructor(limit: number, live: number) {
    this.#nodes = new Int32Array(limit * 4);
    for (let id = 0; id < limit; id++) this.#nodes[id * 4] = DEAD;
    const bits = Math.max(4, Math.ceil(Math.log2(live * 1.6)));
    this.#shift = 32 - bits;
    this.#pairs = new Int32Array(4 << bits).fill(-1);
    this.#filter = new Int32Array(Math.max(1, 1 << (bits + FILTER_BITS - 5)));
  }

  /**
   * @param limit ids are below this
   * @param byteIds the token of each byte
   * @param merges left, right, joined, flattened, in the order of rank
   * @returns null where some text would make BPE go back to an earlier merge
   */
  static create(limit: number, byteIds: Int32Array, merges: Int32Array): MergeTree | null {
    const count = merges.length / 3;
    const tree = new MergeTree(limit, Math.min(count, limit));
    const nodes = tree.#nodes;
    for (const id of byteIds) nodes[id * 4] = -1;
    const early: number[] = [];
    for (let rank = 0; rank < count; rank++) {
      const left = merges[rank * 3]!;
      const right = merges[rank * 3 + 1]!;
      const joined = merges[rank * 3 + 2]! * 4;
      // Its parts are made later, or never: it may not happen, unless it makes BPE go back.
      if (nodes[left * 4] === DEAD || nodes[right * 4] === DEAD) early.push(rank);
      else if (nodes[joined] === DEAD) {
        if (!tree.#areNeighbours(left, right)) continue;
        nodes[joined] = rank;
        nodes[joined + 1] = left;
        nodes[joined + 2] = right;
        tree.#addPair(left, right, rank);
      } else if (nodes[joined + 1] === left && nodes[joined + 2] === right && nodes[joined]! >= 0) {
        return null; // a merge listed twice counts where it is listed last
      }
    }
    for (const rank of early) {
      const left = merges[rank * 3]!;
      const right = merges[rank * 3 + 1]!;
      if (tree.isLive(left) && tree.isLive(right) && tree.#areNeighbours(left, right)) return null;
    }
    return tree;
  }

  /** Whether BPE makes this token of its bytes. */
  isLive(token: number): boolean {
    return this.#nodes[token * 4] !== DEAD;
  }

  /** Whether BPE makes `left` and `right` of their joined bytes. Both must be live. */
  valid(left: number, right: number): boolean {
    const memory = this.#memory;
    const slot = ((Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)) >>> (32 - MEMORY_BITS)) << 1;
    const packed = right << 1;
    const known = memory[slot + 1]!;
    if (memory[slot] === left && (known & -2) === packed) return (known & 1) !== 0;
    const valid = this.#areNeighbours(left, right);
    memory[slot] = left;
    memory[slot + 1] = packed | (valid ? 1 : 0);
    return valid;
  }

  /**
   * Undoes the merges of both sides, the latest first, and asks at each point whether what then stood at the
   * border would have been joined before the merge that was undone. Of equal ranks the left one comes first.
   */
  #areNeighbours(left: number, right: number): boolean {
    const nodes = this.#nodes;
    let bound = NEVER;
    let leftRank = nodes[left * 4]!;
    let rightRank = nodes[right * 4]!;
    for (;;) {
      if (this.#rankOf(left, right) < bound) return false;
      if (leftRank > rightRank) {
        bound = leftRank;
        left = nodes[left * 4 + 2]!;
        leftRank = nodes[left * 4]!;
      } else if (rightRank >= 0) {
        bound = rightRank + 1;
        right = nodes[right * 4 + 1]!;
        rightRank = nodes[right * 4]!;
      } else return true;
    }
  }

  #rankOf(left: number, right: number): number {
    const hash = pairHash(left, right);
    const bit = hash >>> (this.#shift - FILTER_BITS);
    if ((this.#filter[bit >>> 5]! & (1 << (bit & 31))) === 0) return NEVER;
    const pairs = this.#pairs;
    const mask = pairs.length - 1;
    let slot = (hash >>> this.#shift) << 2;
    for (;;) {
      const found = pairs[slot]!;
      if (found === left && pairs[slot + 1] === right) return pairs[slot + 2]!;
      if (found === -1) return NEVER;
      slot = (slot + 4) & mask;
    }
  }

  #addPair(left: number, right: number, rank: number): void {
    const pairs = this.#pairs;
    const hash = pairHash(left, right);
    const bit = hash >>> (this.#shift - FILTER_BITS);
    this.#filter[bit >>> 5]! |= 1 << (bit & 31);
    let slot = (hash >>> this.#shift) << 2;
    while (pairs[slot] !== -1) slot = (slot + 4) & (pairs.length - 1);
    pairs[slot] = left;
    pairs[slot + 1] = right;
    pairs[slot + 2] = rank;
  }
}

/** The rank of a token that BPE never makes. */
const DEAD = -2;
const NEVER = 0x7fffffff;
const MEMORY_BITS = 15;
/** The filter has 2 to this as many bits as the table of pairs has places. */
const FILTER_BITS = 2;

function pairHash(left: number, right: number): number {
  const hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
}
