import type { Plan } from '../graph/plan.ts';
import { type GraphNode, type GraphValue, Leaf, type NodeOutput } from '../graph/value.ts';
import type { TensorData } from '../tensor-data.ts';

/** Operators that read element i of an input of the output's shape only to compute element i. */
const ELEMENTWISE = new Set(['Add', 'Sub', 'Mul', 'Div', 'Neg', 'Sqrt', 'Exp', 'Max', 'Min', 'Where']);
/** A larger neighbourhood of an input is not searched: it is a weight of the model, read all over the graph. */
const MAX_READERS = 64;

/** Who reads each value, and each tensor. */
export class Consumers {
  readonly #byValue = new Map<GraphValue, GraphNode[]>();
  readonly #byData = new Map<TensorData, GraphNode[]>();

  constructor(plan: Plan) {
    for (const node of plan.nodes) {
      for (const input of node.inputs) {
        if (input instanceof Leaf) push(this.#byData, input.data, node);
        else if (input) push(this.#byValue, input, node);
      }
    }
  }

  /**
   * Whether the node that computes `output` may write over the memory of the input `data`.
   *
   * Everything computed from the input must be needed by that node, so that it has run before: then nobody reads
   * the old value afterwards, in whatever order ONNX Runtime runs the graph and whatever it fuses.
   */
  mayOverwrite(data: TensorData, output: NodeOutput): boolean {
    const writer = output.producer;
    const reached = new Set<GraphNode>();
    const queue = [...(this.#byData.get(data) ?? [])];
    for (const node of queue) {
      if (node === writer || reached.has(node)) continue;
      reached.add(node);
      if (reached.size > MAX_READERS) return false;
      queue.push(...this.#readersOf(node));
    }
    const leadsToWriter = [...reached].sort((a, b) => b.id - a.id);
    const ancestors = new Set<GraphNode>([writer]);
    for (const node of leadsToWriter) {
      if (!this.#readersOf(node).some((reader) => ancestors.has(reader))) return false;
      ancestors.add(node);
    }
    return this.#writesSafely(data, output);
  }

  /** Whether the writer itself, if it reads the input, does so element by element or by its own declaration. */
  #writesSafely(data: TensorData, output: NodeOutput): boolean {
    if (output.inPlaceOf?.data === data) return true;
    const { producer } = output;
    const reads = producer.inputs.filter((input) => input instanceof Leaf && input.data === data);
    if (reads.length === 0) return true;
    return (
      ELEMENTWISE.has(producer.opType) && reads.every((input) => `${input!.shape}` === `${output.shape}`)
    );
  }

  #readersOf(node: GraphNode): GraphNode[] {
    return node.outputs.flatMap((output) => (output && this.#byValue.get(output)) || []);
  }
}

function push<K>(map: Map<K, GraphNode[]>, key: K, node: GraphNode): void {
  const list = map.get(key);
  if (list) list.push(node);
  else map.set(key, [node]);
}
