import type { TensorData } from '../tensor-data.ts';
import type { Attribute, ElementType, Value } from './types.ts';

/** One recorded operation. Nodes point at their inputs, so that what nobody needs is simply never visited. */
export interface GraphNode {
  /** Position in recording order, which is a topological order. */
  readonly id: number;
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly (GraphValue | null)[];
  readonly outputs: readonly (NodeOutput | null)[];
  readonly attributes: Record<string, Attribute>;
}

/** An edge of the graph; see the three kinds below. */
export abstract class GraphValue implements Value {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** The same elements under other shapes, already recorded. */
  reshaped: Map<string, GraphValue> | undefined;

  constructor(type: ElementType, shape: readonly number[]) {
    this.type = type;
    this.shape = shape;
  }

  get size(): number {
    return this.shape.reduce((a, b) => a * b, 1);
  }
}

/** What a node computes. */
export class NodeOutput extends GraphValue {
  /** Set right after construction, since a node and its outputs refer to each other. */
  producer!: GraphNode;
  readonly inPlaceOf: Leaf | undefined;

  constructor(type: ElementType, shape: readonly number[], inPlaceOf?: Leaf) {
    super(type, shape);
    this.inPlaceOf = inPlaceOf;
  }
}

/** An input of the graph: a tensor that is already computed, or an argument of a function being traced. */
export class Leaf extends GraphValue {
  readonly data: TensorData;

  constructor(type: ElementType, shape: readonly number[], data: TensorData) {
    super(type, shape);
    this.data = data;
  }
}

/** A small array that is part of the graph. */
export class Constant extends GraphValue {
  readonly bytes: Uint8Array;

  constructor(type: ElementType, shape: readonly number[], bytes: Uint8Array) {
    super(type, shape);
    this.bytes = bytes;
  }
}
