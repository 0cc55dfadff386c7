/**
 * Writes an ONNX model: https://github.com/onnx/onnx/blob/main/docs/IR.md, field numbers of `onnx.proto3`.
 * Only what a recorded graph needs: nodes, typed inputs and outputs with static shapes, and initializers.
 */
import type { Attribute, ElementType } from '../graph/types.ts';
import { ProtobufWriter } from './protobuf.ts';

/** Version of ONNX's own operator set that lowerings are written against. */
export const OPSET = 21;
/** The newest IR version whose features are used; it goes with opset 21. */
const IR_VERSION = 10;

/** `TensorProto.DataType`, the same numbers as ONNX Runtime's `ONNXTensorElementDataType`. */
export const DATA_TYPE: Record<ElementType, number> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
  uint32: 12,
};

/** `AttributeProto.AttributeType`. */
const ATTRIBUTE = { FLOAT: 1, INT: 2, STRING: 3, TENSOR: 4, FLOATS: 6, INTS: 7 };

export interface ModelTensor {
  name: string;
  type: ElementType;
  shape: readonly number[];
}

export interface ModelInitializer extends ModelTensor {
  /** Little-endian elements. */
  bytes: Uint8Array;
}

export interface ModelNode {
  opType: string;
  domain: string;
  /** Names; an omitted optional input or output is `''`. */
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Record<string, Attribute>;
}

export interface Model {
  name: string;
  nodes: readonly ModelNode[];
  inputs: readonly ModelTensor[];
  outputs: readonly ModelTensor[];
  initializers: readonly ModelInitializer[];
}

/** The bytes of a `.onnx` file. */
export function encodeModel(model: Model): Uint8Array<ArrayBuffer> {
  const w = new ProtobufWriter();
  w.int(1, IR_VERSION);
  w.string(2, 'attune');
  w.message(7, (graph) => {
    for (const node of model.nodes) graph.message(1, (n) => writeNode(n, node));
    graph.string(2, model.name);
    for (const tensor of model.initializers) graph.message(5, (t) => writeTensor(t, tensor));
    for (const tensor of model.inputs) graph.message(11, (t) => writeValueInfo(t, tensor));
    for (const tensor of model.outputs) graph.message(12, (t) => writeValueInfo(t, tensor));
  });
  writeOpset(w, '', OPSET);
  for (const domain of ['com.microsoft', 'attune']) {
    if (model.nodes.some((node) => node.domain === domain)) writeOpset(w, domain, 1);
  }
  return w.finish();
}

function writeOpset(w: ProtobufWriter, domain: string, version: number): void {
  w.message(8, (opset) => {
    opset.string(1, domain);
    opset.int(2, version);
  });
}

function writeNode(w: ProtobufWriter, node: ModelNode): void {
  for (const name of node.inputs) w.string(1, name);
  for (const name of node.outputs) w.string(2, name);
  w.string(4, node.opType);
  for (const name in node.attributes) {
    w.message(5, (a) => writeAttribute(a, name, node.attributes[name]!));
  }
  if (node.domain !== '') w.string(7, node.domain);
}

function writeAttribute(w: ProtobufWriter, name: string, value: Attribute): void {
  w.string(1, name);
  if (typeof value === 'string') {
    w.string(4, value);
    w.int(20, ATTRIBUTE.STRING);
  } else if (typeof value === 'number' && Number.isInteger(value)) {
    w.int(3, value);
    w.int(20, ATTRIBUTE.INT);
  } else if (typeof value === 'number' || 'f' in value) {
    w.float(2, typeof value === 'number' ? value : value.f);
    w.int(20, ATTRIBUTE.FLOAT);
  } else if ('floats' in value) {
    w.floats(7, value.floats);
    w.int(20, ATTRIBUTE.FLOATS);
  } else if ('tensor' in value) {
    const bytes = encodeElements([value.tensor], value.type);
    w.message(5, (t) => writeTensor(t, { name: '', type: value.type, shape: [1], bytes }));
    w.int(20, ATTRIBUTE.TENSOR);
  } else {
    w.ints(8, value);
    w.int(20, ATTRIBUTE.INTS);
  }
}

function writeTensor(w: ProtobufWriter, tensor: ModelInitializer): void {
  w.ints(1, tensor.shape);
  w.int(2, DATA_TYPE[tensor.type]);
  w.string(8, tensor.name);
  w.bytes(9, tensor.bytes);
}

function writeValueInfo(w: ProtobufWriter, tensor: ModelTensor): void {
  w.string(1, tensor.name);
  w.message(2, (type) =>
    type.message(1, (tensorType) => {
      tensorType.int(1, DATA_TYPE[tensor.type]);
      tensorType.message(2, (shape) => {
        for (const extent of tensor.shape) shape.message(1, (dim) => dim.int(1, extent));
      });
    }),
  );
}

/** Numbers as the little-endian elements of a tensor. */
export function encodeElements(data: readonly number[], type: ElementType): Uint8Array {
  const array =
    type === 'int64'
      ? BigInt64Array.from(data, BigInt)
      : type === 'float32'
        ? Float32Array.from(data)
        : type === 'float64'
          ? Float64Array.from(data)
          : type === 'int32'
            ? Int32Array.from(data)
            : type === 'uint32'
              ? Uint32Array.from(data)
              : Uint8Array.from(data);
  return new Uint8Array(array.buffer);
}
