import type { BackendValues, DataType } from '@tensorflow/tfjs-core';
import type { GraphValue } from './graph/value.ts';
import type { HostBuffer } from './memory/host-buffer.ts';

/** What the backend knows of one tfjs `dataId`: exactly one of `buffer`, `value` and `host` is set. */
export interface TensorData {
  readonly dtype: DataType;
  /** How many tensors share this data. */
  refCount: number;
  /** Computed elements. */
  buffer?: HostBuffer | undefined;
  /** Not yet computed: the edge that will hold the elements. */
  value?: GraphValue | undefined;
  /** Elements of the types that ONNX does not compute with. */
  host?: BackendValues | undefined;
  /** Written from the host while this trace ran: the same on every call of the traced function. */
  constantOf?: object | undefined;
  /** Why the value could not be computed. */
  failure?: Error | undefined;
}
