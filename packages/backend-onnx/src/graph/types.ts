import type { TensorInfo } from '@tensorflow/tfjs-core';

/** Element types that cross the graph. `int64` exists only inside it: tfjs has no 64-bit integers. */
export type ElementType = 'float32' | 'int32' | 'bool' | 'int64' | 'uint8' | 'uint32' | 'float64';

/** One edge of the recorded graph: the output of a node, an input, or a small constant. */
export interface Value {
  readonly type: ElementType;
  readonly shape: readonly number[];
}

/** An ONNX attribute. Whole numbers are INT unless the attribute is written `{ f: 1 }`. */
export type Attribute = number | string | readonly number[] | { f: number } | { floats: readonly number[] };

/** What a lowering may add to the graph. Shapes are static and given by the caller: nothing is inferred. */
export interface GraphBuilder {
  /** One node with one output. A missing optional input is `null`. `domain` defaults to ONNX's own. */
  op(
    opType: string,
    inputs: readonly (Value | null)[],
    type: ElementType,
    shape: readonly number[],
    attributes?: Record<string, Attribute>,
    domain?: string,
  ): Value;
  /** One node with several outputs; an output that is not wanted is `null`. */
  multi(
    opType: string,
    inputs: readonly (Value | null)[],
    outputs: readonly ({ type: ElementType; shape: readonly number[] } | null)[],
    attributes?: Record<string, Attribute>,
    domain?: string,
  ): (Value | null)[];
  /** A small constant baked into the graph (axes, shapes, epsilons). It is part of the cache key. */
  constant(data: readonly number[] | ArrayBufferView, type: ElementType, shape?: readonly number[]): Value;
  /** Casts; the identity when the type already fits. */
  cast(value: Value, type: ElementType): Value;
}

/** Arguments of a kernel's lowering: recorded inputs by tfjs name, and tfjs attributes. */
export interface LoweringContext<A = Record<string, unknown>> {
  g: GraphBuilder;
  /** Inputs by name; array inputs (`ConcatV2`, `AddN`, `Pack`) arrive as `'0'`, `'1'`, ... */
  inputs: Record<string, Value>;
  attrs: A;
  /** The tfjs tensors behind `inputs`, to read shapes and tfjs dtypes. */
  infos: Record<string, TensorInfo>;
}

/** Turns a tfjs kernel into nodes and returns its output or outputs; their shape and type become the tensor's. */
export type Lowering = (context: LoweringContext<never>) => Value | Value[];
