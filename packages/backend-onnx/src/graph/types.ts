import type { BackendValues, TensorInfo } from '@tensorflow/tfjs-core';

/** Element types that cross the graph. `int64` exists only inside it: tfjs has no 64-bit integers. */
export type ElementType = 'float32' | 'int32' | 'bool' | 'int64' | 'uint8' | 'uint32' | 'float64';

/** One edge of the recorded graph: the output of a node, an input, or a small constant. */
export interface Value {
  readonly type: ElementType;
  readonly shape: readonly number[];
}

/**
 * An ONNX attribute. A whole number is an INT and any other number a FLOAT; write `{ f: 1 }` for a FLOAT that
 * happens to be whole. A list of numbers is INTS, `{ floats }` is FLOATS, `{ tensor }` a TENSOR with one element.
 */
export type Attribute =
  | number
  | string
  | readonly number[]
  | { f: number }
  | { floats: readonly number[] }
  | { tensor: number; type: ElementType };

/** What a lowering says of one output of a node. */
export interface OutputSpec {
  type: ElementType;
  shape: readonly number[];
  /**
   * The input whose buffer this output may take over, for operators that update in place (the key/value cache of
   * `GroupQueryAttention`). It must have the same type and number of bytes. It is honoured when that input is an
   * input of the whole graph whose old value nothing else needs, and is otherwise an ordinary output: the
   * operator must compute the same either way.
   */
  inPlaceOf?: Value;
}

/** Instruction sets that our own operators are compiled for; `amx` is AVX-512 and Intel's unit for tiles. */
export type Instructions = 'amx' | 'avx512' | 'avx2' | 'neon';

/** What a lowering may add to the graph. Shapes are static and given by the caller: nothing is inferred. */
export interface GraphBuilder {
  /**
   * The instruction set of our own native operators; false where the graph may not hold any: on other execution providers
   * and in a model for others.
   */
  readonly native: Instructions | false;
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
    outputs: readonly (OutputSpec | null)[],
    attributes?: Record<string, Attribute>,
    domain?: string,
  ): (Value | null)[];
  /** A small constant baked into the graph (axes, shapes, epsilons). It is part of the cache key. */
  constant(data: readonly number[] | ArrayBufferView, type: ElementType, shape?: readonly number[]): Value;
  /** Casts; the identity when the type already fits. */
  cast(value: Value, type: ElementType): Value;
  /** A tensor full of one value, without keeping a large one in memory. */
  fill(value: number, type: ElementType, shape: readonly number[]): Value;
  /** Another shape for the same elements; the identity when the shape already fits. */
  reshape(value: Value, shape: readonly number[]): Value;
}

/** Arguments of a kernel's lowering: recorded inputs by tfjs name, and tfjs attributes. */
export interface LoweringContext<A = Record<string, unknown>> {
  g: GraphBuilder;
  /** Inputs by name; array inputs (`ConcatV2`, `AddN`, `Pack`) arrive as `'0'`, `'1'`, ... */
  inputs: Record<string, Value>;
  attrs: A;
  /** The tfjs tensors behind `inputs`, to read shapes and tfjs dtypes. */
  infos: Record<string, TensorInfo>;
  /** The elements of an input, to check them at once, when they are already computed and the same on every run. */
  known(input: string): BackendValues | undefined;
}

/** Turns a tfjs kernel into nodes and returns its output or outputs; their shape and type become the tensor's. */
export type Lowering = (context: LoweringContext<never>) => Value | Value[];
