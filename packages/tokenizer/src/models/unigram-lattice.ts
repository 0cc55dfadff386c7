import { Heap } from '../heap.ts';
import type { Path } from './unigram-search.ts';

interface Node {
  start: number;
  end: number;
  id: number;
  score: number;
}

/**
 * The graph of all segmentations of a text. Source: Kudo 2018, "Subword Regularization": n-best search and
 * forward-filtering backward-sampling.
 */
export class Lattice {
  readonly #length: number;
  readonly #ending: Node[][];

  /** @param length of the text in UTF-16 units */
  constructor(length: number) {
    this.#length = length;
    this.#ending = Array.from({ length: length + 1 }, () => []);
  }

  add(start: number, end: number, id: number, score: number): void {
    const node = { start, end, id, score };
    this.#ending[end]!.push(node);
  }

  /**
   * Draws a segmentation with probability proportional to exp(alpha · score).
   * @param alpha 0 makes all segmentations equally likely, large values the best one certain
   */
  sample(alpha: number, random: () => number): Path {
    const forward = this.#forward(alpha);
    const path: Path = [];
    for (let end = this.#length; end > 0; ) {
      const nodes = this.#ending[end]!;
      const weights = nodes.map((node) =>
        Math.exp(forward[node.start]! + alpha * node.score - forward[end]!),
      );
      let draw = random() * weights.reduce((sum, weight) => sum + weight, 0);
      let chosen = nodes.length - 1;
      for (let i = 0; i < nodes.length; i++) {
        draw -= weights[i]!;
        if (draw >= 0) continue;
        chosen = i;
        break;
      }
      const node = nodes[chosen]!;
      path.push([node.start, node.end, node.id]);
      end = node.start;
    }
    return path.reverse();
  }

  /** log Σ exp(alpha · score) over the segmentations of each prefix. */
  #forward(alpha: number): Float64Array {
    const forward = new Float64Array(this.#length + 1).fill(-Infinity);
    forward[0] = 0;
    for (let end = 1; end <= this.#length; end++) {
      for (const node of this.#ending[end]!) {
        forward[end] = logAdd(forward[end]!, forward[node.start]! + alpha * node.score);
      }
    }
    return forward;
  }

  /** Entropy (nats) of the distribution that `sample` draws from. */
  entropy(alpha: number): number {
    const forward = this.#forward(alpha);
    const entropies = new Float64Array(this.#length + 1);
    for (let end = 1; end <= this.#length; end++) {
      for (const node of this.#ending[end]!) {
        const log = forward[node.start]! + alpha * node.score - forward[end]!;
        if (log > -Infinity) entropies[end]! += Math.exp(log) * (entropies[node.start]! - log);
      }
    }
    return entropies[this.#length]!;
  }

  /** The `count` best segmentations with their scores, best first: A* from the end. */
  nBest(count: number): { path: Path; score: number }[] {
    const best = this.#bestToStart();
    const queue = new Heap<Hypothesis>((a, b) => a.bound > b.bound);
    queue.push({ at: this.#length, cost: 0, bound: best[this.#length]!, node: null, next: null });
    const found: { path: Path; score: number }[] = [];
    while (queue.size > 0 && found.length < count) {
      const hypothesis = queue.pop();
      if (hypothesis.at === 0) {
        const path: Path = [];
        for (let each: Hypothesis | null = hypothesis; each?.node; each = each.next) {
          path.push([each.node.start, each.node.end, each.node.id]);
        }
        found.push({ path, score: hypothesis.cost });
        continue;
      }
      for (const node of this.#ending[hypothesis.at]!) {
        const cost = hypothesis.cost + node.score;
        if (best[node.start] === -Infinity) continue;
        queue.push({ at: node.start, cost, bound: cost + best[node.start]!, node, next: hypothesis });
      }
    }
    return found;
  }

  #bestToStart(): Float64Array {
    const best = new Float64Array(this.#length + 1).fill(-Infinity);
    best[0] = 0;
    for (let end = 1; end <= this.#length; end++) {
      for (const node of this.#ending[end]!) {
        best[end] = Math.max(best[end]!, best[node.start]! + node.score);
      }
    }
    return best;
  }
}

interface Hypothesis {
  at: number;
  cost: number;
  bound: number;
  node: Node | null;
  next: Hypothesis | null;
}

/** log(eᵃ + eᵇ). */
export function logAdd(a: number, b: number): number {
  if (a === -Infinity) return b;
  if (b === -Infinity) return a;
  const high = Math.max(a, b);
  return high + Math.log1p(Math.exp(Math.min(a, b) - high));
}
