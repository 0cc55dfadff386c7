import { expect, test } from 'vitest';
import { ProtobufWriter } from './protobuf.ts';

const written = (write: (w: ProtobufWriter) => void): number[] => {
  const w = new ProtobufWriter();
  write(w);
  return [...w.finish()];
};

// The first examples are those of https://protobuf.dev/programming-guides/encoding/.
test('integers', () => {
  expect(written((w) => w.int(1, 150))).toEqual([0x08, 0x96, 0x01]);
  expect(written((w) => w.int(1, -2))).toEqual([0x08, 0xfe, ...Array(8).fill(0xff), 0x01]);
  expect(written((w) => w.int(20, 2 ** 40))).toEqual([0xa0, 0x01, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]);
});

test('strings, bytes and floats', () => {
  expect(written((w) => w.string(2, 'testing'))).toEqual([0x12, 7, ...Buffer.from('testing')]);
  expect(written((w) => w.string(2, 'é'))).toEqual([0x12, 2, 0xc3, 0xa9]);
  expect(written((w) => w.bytes(3, Uint8Array.of(1, 2)))).toEqual([0x1a, 2, 1, 2]);
  expect(written((w) => w.float(2, 1))).toEqual([0x15, 0, 0, 0x80, 0x3f]);
});

test('packed lists', () => {
  expect(written((w) => w.ints(6, [3, 270, 86942]))).toEqual([0x32, 6, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]);
  expect(written((w) => w.floats(7, [1, -2]))).toEqual([0x3a, 8, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
});

test('nested messages of every length', () => {
  expect(written((w) => w.message(3, (m) => m.int(1, 150)))).toEqual([0x1a, 3, 0x08, 0x96, 0x01]);
  for (const [length, prefix] of [
    [127, [127]],
    [128, [0x80, 1]],
    [16384, [0x80, 0x80, 1]],
  ] as const) {
    // The field's own tag and length.
    const overhead = length <= 128 ? 2 : 3;
    const payload = new Uint8Array(length - overhead).fill(7);
    const bytes = written((w) => w.message(1, (m) => m.bytes(1, payload)));
    expect(bytes.slice(0, prefix.length + 1)).toEqual([0x0a, ...prefix]);
    expect(bytes.length).toBe(length + prefix.length + 1);
    expect(bytes.slice(-payload.length)).toEqual([...payload]);
  }
});
