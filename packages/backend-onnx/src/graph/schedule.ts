import { type GraphNode, type GraphValue, NodeOutput } from './value.ts';

/**
 * The order in which nodes had best run: what ends early (no other node reads it) is finished as early as possible.
 * So the weights of the last layer are updated while the backward pass goes on, and their gradients are let go of,
 * where an order that first follows the longest path would keep all gradients until its end.
 *
 * @param nodes in some topological order, all that is needed and nothing else
 */
export function schedule(nodes: readonly GraphNode[]): GraphNode[] {
  const depth = new Map<GraphNode, number>();
  const read = new Set<GraphNode>();
  for (const node of nodes) {
    let deepest = 0;
    for (const producer of producersOf(node)) {
      read.add(producer);
      deepest = Math.max(deepest, depth.get(producer)!);
    }
    depth.set(node, deepest + 1);
  }
  const ends = nodes.filter((node) => !read.has(node));
  ends.sort((a, b) => depth.get(a)! - depth.get(b)! || a.id - b.id);

  const done = new Set<GraphNode>();
  const order: GraphNode[] = [];
  for (const end of ends) visit(end, done, order);
  return order;
}

/** Appends a node after everything that it needs. Without recursion, since graphs are thousands of nodes deep. */
function visit(end: GraphNode, done: Set<GraphNode>, order: GraphNode[]): void {
  const stack = [end];
  while (stack.length > 0) {
    const node = stack.at(-1)!;
    const missing = done.has(node) ? [] : producersOf(node).filter((producer) => !done.has(producer));
    if (missing.length > 0) {
      stack.push(missing.reduce((first, other) => (other.id < first.id ? other : first)));
      continue;
    }
    stack.pop();
    if (!done.has(node)) order.push(node);
    done.add(node);
  }
}

function producersOf(node: GraphNode): GraphNode[] {
  const isComputed = (value: GraphValue | null): value is NodeOutput => value instanceof NodeOutput;
  return node.inputs.filter(isComputed).map((value) => value.producer);
}
