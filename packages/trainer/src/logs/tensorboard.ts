import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { crc32c } from './crc32c.ts';

/**
 * Writes TensorBoard event files: TFRecords, each an `Event` protocol buffer
 * (https://github.com/tensorflow/tensorboard, `tensorboard/compat/proto/event.proto`).
 */
export class EventWriter {
  private readonly file: number;

  /**
   * Opens a new event file in `folder`. TensorBoard merges all of a folder's files.
   * @param startStep when a run resumes: events of earlier files from this step on are ignored by TensorBoard
   */
  constructor(folder: string, { startStep, now = Date.now() }: { startStep?: number; now?: number } = {}) {
    const name = `events.out.tfevents.${Math.floor(now / 1000)}.${hostname()}.${process.pid}.${now % 1000}`;
    this.file = openSync(join(folder, name), 'a');
    this.write(event(now, undefined, stringField(3, 'brain.Event:2')));
    if (startStep !== undefined) {
      const started = varintField(1, 1); // SessionLog.status = START
      this.write(event(now, startStep, bytesField(7, started)));
    }
  }

  /** Appends one step's scalars, e.g. `{ loss: 2.3, 'learning-rate': 1e-3 }`. */
  scalars(step: number, values: Record<string, number>, now = Date.now()): void {
    const summary = Object.entries(values).map(([tag, value]) =>
      bytesField(1, Buffer.concat([stringField(1, tag), floatField(2, value)])),
    );
    this.write(event(now, step, bytesField(5, Buffer.concat(summary))));
  }

  /** Appends a text, shown in TensorBoard's text tab. */
  text(step: number, tag: string, text: string, now = Date.now()): void {
    const tensor = Buffer.concat([varintField(1, 7), bytesField(2, Buffer.alloc(0)), stringField(8, text)]);
    const plugin = bytesField(1, stringField(1, 'text'));
    const value = Buffer.concat([stringField(1, tag), bytesField(8, tensor), bytesField(9, plugin)]);
    this.write(event(now, step, bytesField(5, bytesField(1, value))));
  }

  /** Flushes to disk and closes the file. */
  close(): void {
    fsyncSync(this.file);
    closeSync(this.file);
  }

  private write(data: Buffer): void {
    writeSync(this.file, record(data));
  }
}

/** A TFRecord: length, masked checksum of the length, data, masked checksum of the data; all little endian. */
function record(data: Buffer): Buffer {
  const out = Buffer.alloc(data.length + 16);
  out.writeBigUInt64LE(BigInt(data.length), 0);
  out.writeUInt32LE(maskedCrc(out.subarray(0, 8)), 8);
  data.copy(out, 12);
  out.writeUInt32LE(maskedCrc(data), data.length + 12);
  return out;
}

/** TFRecord rotates and offsets its checksums so that a checksum over data holding checksums stays sound. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function event(now: number, step: number | undefined, payload: Buffer): Buffer {
  const wallTime = Buffer.alloc(9);
  wallTime[0] = (1 << 3) | 1;
  wallTime.writeDoubleLE(now / 1000, 1);
  return Buffer.concat([wallTime, step === undefined ? Buffer.alloc(0) : varintField(2, step), payload]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}

const varintField = (field: number, value: number) => Buffer.concat([varint(field * 8), varint(value)]);
const bytesField = (field: number, bytes: Buffer) =>
  Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
const stringField = (field: number, text: string) => bytesField(field, Buffer.from(text));

function floatField(field: number, value: number): Buffer {
  const out = Buffer.alloc(5);
  out[0] = field * 8 + 5;
  out.writeFloatLE(value, 1);
  return out;
}
