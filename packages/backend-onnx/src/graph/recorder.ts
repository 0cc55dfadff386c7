import type { TensorInfo } from '@tensorflow/tfjs-core';
import { DATA_TYPE, encodeElements } from '../onnx/model.ts';
import type { TensorData } from '../tensor-data.ts';
import type { Attribute, ElementType, GraphBuilder, Instructions, OutputSpec, Value } from './types.ts';
import { Constant, type GraphNode, type GraphValue, Leaf, NodeOutput } from './value.ts';

/** Arrays up to this many elements that a traced function writes become part of the graph. */
const MAX_BAKED_ELEMENTS = 64;
/** `fill` repeats constants up to this many elements; larger ones are expanded when the graph runs. */
const MAX_FILLED_ELEMENTS = 1024;

let nextNodeId = 0;

/** What a recorder needs from the backend. */
export interface RecorderOwner {
  /** The instruction set of our own native operators, where the graph may hold them. */
  native: Instructions | false;
  /** Told of every tensor that becomes an input, so that its memory outlives the graph. */
  retain(data: TensorData): void;
  /** Puts a number into a buffer that only the graph refers to. */
  scalar(value: number, type: ElementType): TensorData;
}

/**
 * Records operations as a graph: the builder that lowerings see, and the tensors whose values are still pending.
 *
 * The backend owns one recorder for ordinary, lazy operation; every function that `jit` traces gets its own.
 */
export class Recorder implements GraphBuilder {
  /** Tensors that wait for their value. */
  readonly pending = new Set<TensorData>();
  /** Nodes recorded since the last flush. */
  nodeCount = 0;
  readonly #leaves = new Map<TensorData, Leaf[]>();
  readonly #owner: RecorderOwner;

  readonly native: Instructions | false;
  /** What is recorded, for error messages. */
  readonly name: string;

  constructor(name: string, owner: RecorderOwner) {
    this.name = name;
    this.#owner = owner;
    this.native = owner.native;
  }

  op(
    opType: string,
    inputs: readonly (Value | null)[],
    type: ElementType,
    shape: readonly number[],
    attributes: Record<string, Attribute> = {},
    domain = '',
  ): Value {
    return this.multi(opType, inputs, [{ type, shape }], attributes, domain)[0]!;
  }

  multi(
    opType: string,
    inputs: readonly (Value | null)[],
    outputs: readonly (OutputSpec | null)[],
    attributes: Record<string, Attribute> = {},
    domain = '',
  ): (Value | null)[] {
    const values = outputs.map((spec) => {
      if (!spec) return null;
      const over = spec.inPlaceOf instanceof Leaf ? spec.inPlaceOf : undefined;
      return new NodeOutput(spec.type, spec.shape, over);
    });
    const node: GraphNode = {
      id: nextNodeId++,
      opType,
      domain,
      inputs: inputs as readonly (GraphValue | null)[],
      outputs: values,
      attributes,
    };
    for (const value of values) if (value) value.producer = node;
    this.nodeCount++;
    return values;
  }

  constant(data: readonly number[] | ArrayBufferView, type: ElementType, shape?: readonly number[]): Value {
    if (ArrayBuffer.isView(data)) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
      const length = (data as Uint8Array).length;
      return new Constant(type, shape ?? [length], bytes);
    }
    return new Constant(type, shape ?? [data.length], encodeElements(data, type));
  }

  fill(value: number, type: ElementType, shape: readonly number[]): Value {
    const size = shape.reduce((a, b) => a * b, 1);
    if (size <= MAX_FILLED_ELEMENTS) return this.constant(Array(size).fill(value), type, shape);
    // An input, since the optimizer would fold a constant into the whole tensor and keep it.
    const scalar = this.leaf(this.#owner.scalar(value, type), type, []);
    return this.op('Expand', [scalar, this.constant(shape, 'int64')], type, shape);
  }

  cast(value: Value, type: ElementType): Value {
    if (value.type === type) return value;
    return this.op('Cast', [value], type, value.shape, { to: DATA_TYPE[type] });
  }

  reshape(value: Value, shape: readonly number[]): Value {
    const from = value as GraphValue;
    if (sameShape(from.shape, shape)) return from;
    if (from instanceof Constant) return new Constant(from.type, shape, from.bytes);
    if (from instanceof Leaf) return this.leaf(from.data, from.type, shape);
    const key = shape.join();
    let reshaped = from.reshaped?.get(key);
    if (!reshaped) {
      reshaped = this.op('Reshape', [from, this.constant(shape, 'int64')], from.type, shape) as GraphValue;
      from.reshaped ??= new Map();
      from.reshaped.set(key, reshaped);
    }
    return reshaped;
  }

  /** The recorded edge of a tensor. */
  valueOf(data: TensorData, info: TensorInfo): GraphValue {
    if (data.value) return this.reshape(data.value, info.shape) as GraphValue;
    const size = info.shape.reduce((a, b) => a * b, 1);
    if (data.constantOf === this && size <= MAX_BAKED_ELEMENTS) {
      const bytes = new Uint8Array(data.buffer!.bytes).slice();
      return new Constant(data.dtype as ElementType, info.shape, bytes);
    }
    return this.leaf(data, data.dtype as ElementType, info.shape);
  }

  /** The input that stands for a computed tensor, or for an argument; one per tensor and shape. */
  leaf(data: TensorData, type: ElementType, shape: readonly number[]): Leaf {
    let leaves = this.#leaves.get(data);
    if (!leaves) {
      leaves = [];
      this.#leaves.set(data, leaves);
      this.#owner.retain(data);
    }
    let leaf = leaves.find((l) => sameShape(l.shape, shape));
    if (!leaf) {
      leaf = new Leaf(type, shape, data);
      leaves.push(leaf);
    }
    return leaf;
  }

  /** Every tensor that became an input. */
  leafData(): IterableIterator<TensorData> {
    return this.#leaves.keys();
  }

  /** Forgets the recorded graph. */
  reset(): void {
    this.#leaves.clear();
    this.pending.clear();
    this.nodeCount = 0;
  }
}

/** Whether two shapes are equal. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}
