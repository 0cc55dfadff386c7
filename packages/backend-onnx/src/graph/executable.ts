import { ELEMENT_BYTES, type HostBuffer } from '../memory/host-buffer.ts';
import { encodeModel, type ModelTensor } from '../onnx/model.ts';
import type { OrtRuntime } from '../ort/runtime.ts';
import { type StringTable, stringTable } from '../ort/strings.ts';
import type { Plan } from './plan.ts';
import type { SessionCache } from './session-cache.ts';
import { toModel } from './to-model.ts';
import type { NodeOutput } from './value.ts';

/** One input or output of a compiled graph. */
export interface Slot extends ModelTensor {
  byteLength: number;
  /** Names this slot's type and shape among a buffer's tensors. */
  key: string;
  /** The shape as C reads it. */
  dims: BigInt64Array;
}

/** What ONNX Runtime keeps per node of a session, measured on training graphs. */
const BYTES_PER_NODE = 8_000;

/** A graph compiled by ONNX Runtime, ready to run over host buffers. */
export class Executable {
  readonly name: string;
  readonly inputs: Slot[];
  readonly outputs: Slot[];
  /** Estimate of the memory that the session takes. */
  readonly bytes: number;
  /** Runs in progress on other threads. */
  running = 0;
  /** Called when the session was released. */
  onClose: (() => void) | undefined;
  readonly #runtime: OrtRuntime;
  readonly #cache: SessionCache;
  readonly #model: Uint8Array;
  readonly #inputNames: StringTable;
  readonly #outputNames: StringTable;
  readonly #inputValues: BigUint64Array;
  readonly #outputValues: BigUint64Array;
  #session: bigint | undefined;

  constructor(runtime: OrtRuntime, plan: Plan, name: string, cache: SessionCache) {
    const model = toModel(plan, name);
    this.name = name;
    this.#runtime = runtime;
    this.#cache = cache;
    // Of the nodes that nobody reads, and of the inputs of a node, ONNX Runtime computes those first that come last
    // in the file: written backwards, the graph runs in the order of the plan.
    this.#model = encodeModel({ ...model, nodes: model.nodes.toReversed() });
    this.bytes = 2 * this.#model.byteLength + plan.nodes.length * BYTES_PER_NODE;
    this.inputs = model.inputs.map(toSlot);
    this.outputs = model.outputs.map(toSlot);
    this.#inputNames = stringTable(this.inputs.map((slot) => slot.name));
    this.#outputNames = stringTable(this.outputs.map((slot) => slot.name));
    this.#inputValues = pointerTable(this.inputs.length);
    this.#outputValues = pointerTable(this.outputs.length);
  }

  /** Computes `outputs` from `inputs`; both in the order of the slots. Blocks until done. */
  run(inputs: readonly HostBuffer[], outputs: readonly HostBuffer[]): void {
    if (outputs.length === 0) return;
    const session = this.#open();
    this.#bind(this.#inputValues, this.inputs, inputs);
    this.#bind(this.#outputValues, this.outputs, outputs);
    this.#runtime.run(session, this.#inputNames, this.#inputValues, this.#outputNames, this.#outputValues);
  }

  /** As `run`, on another thread. The caller keeps the buffers until the promise settles. */
  async runAsync(inputs: readonly HostBuffer[], outputs: readonly HostBuffer[]): Promise<void> {
    if (outputs.length === 0) return;
    const session = this.#open();
    const inputValues = pointerTable(inputs.length);
    const outputValues = pointerTable(outputs.length);
    this.#bind(inputValues, this.inputs, inputs);
    this.#bind(outputValues, this.outputs, outputs);
    this.running++;
    try {
      await this.#runtime.runAsync(session, this.#inputNames, inputValues, this.#outputNames, outputValues);
    } finally {
      this.running--;
    }
  }

  /** Releases the session; the next run creates it anew. */
  close(): void {
    if (this.#session === undefined) return;
    this.#runtime.releaseSession(this.#session);
    this.#session = undefined;
    this.onClose?.();
  }

  #open(): bigint {
    const opened = this.#session === undefined;
    this.#session ??= this.#runtime.createSession(this.#model, this.name);
    this.#cache.touch(this, opened);
    return this.#session;
  }

  #bind(table: BigUint64Array, slots: readonly Slot[], buffers: readonly HostBuffer[]): void {
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i]!;
      const buffer = buffers[i]!;
      let value = buffer.ortValues.get(slot.key);
      if (value === undefined) {
        value = this.#runtime.createTensor(buffer.bytes, slot);
        buffer.ortValues.set(slot.key, value);
      }
      table[i] = value;
    }
  }
}

function toSlot(tensor: ModelTensor): Slot {
  const dims = new BigInt64Array(new ArrayBuffer(8 * Math.max(1, tensor.shape.length)));
  tensor.shape.forEach((extent, axis) => {
    dims[axis] = BigInt(extent);
  });
  return {
    ...tensor,
    byteLength: byteLengthOf(tensor),
    key: `${tensor.type}[${tensor.shape}]`,
    dims,
  };
}

/** Bytes that a value's elements take. */
export function byteLengthOf(value: Pick<NodeOutput, 'type' | 'shape'>): number {
  return value.shape.reduce((a, b) => a * b, ELEMENT_BYTES[value.type]);
}

function pointerTable(length: number): BigUint64Array {
  return new BigUint64Array(new ArrayBuffer(8 * Math.max(1, length)));
}
