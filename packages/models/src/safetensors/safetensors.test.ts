import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fixture } from '../../test/fixtures.ts';
import type { DtypeArray } from './dtypes.ts';
import { SafetensorsFile, withSafetensors } from './reader.ts';
import { withCheckpoint, writeCheckpoint } from './sharded.ts';
import { type TensorSource, writeSafetensors } from './writer.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'safetensors-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function source(name: string, dtype: TensorSource['dtype'], shape: number[], data: DtypeArray): TensorSource {
  return { name, dtype, shape, data: () => data };
}

/** Every tensor of a file as a source to write again. */
function sources(file: SafetensorsFile): TensorSource[] {
  return [...file.tensors.values()].map(({ name, dtype, shape }) =>
    source(name, dtype, [...shape], file.read(name)),
  );
}

/** A file with this header text and that many bytes of data. */
function rawFile(header: string | Uint8Array, dataBytes = 0, length?: bigint): string {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  const path = join(dir, 'x.safetensors');
  writeFileSync(path, bytes);
  return path;
}

describe('files', () => {
  it('come back as they were written, each dtype', () => {
    const path = join(dir, 'all.safetensors');
    const written = [
      source('f64', 'F64', [2], Float64Array.of(1.5, -2)),
      source('f32', 'F32', [1, 3], Float32Array.of(0.1, 0.2, 0.3)),
      source('i64', 'I64', [2], BigInt64Array.of(-1n, 2n ** 40n)),
      source('u64', 'U64', [1], BigUint64Array.of(2n ** 63n)),
      source('i32', 'I32', [], Int32Array.of(-7)),
      source('u32', 'U32', [1], Uint32Array.of(2 ** 31)),
      source('i16', 'I16', [1], Int16Array.of(-300)),
      source('u16', 'U16', [1], Uint16Array.of(60000)),
      source('i8', 'I8', [3], Int8Array.of(-1, 0, 1)),
      source('u8', 'U8', [1], Uint8Array.of(255)),
      source('bool', 'BOOL', [2, 2], Uint8Array.of(1, 0, 0, 1)),
      source('empty', 'F32', [0, 4], new Float32Array(0)),
      source('17', 'F32', [1], Float32Array.of(3)),
    ];
    writeSafetensors(path, written, { note: 'a "quoted" word' });
    withSafetensors(path, (file) => {
      expect(file.metadata).toEqual({ note: 'a "quoted" word' });
      expect([...file.tensors.keys()].sort()).toEqual(written.map(({ name }) => name).sort());
      for (const { name, dtype, shape, data } of written) {
        expect(file.entry(name)).toMatchObject({ dtype, shape });
        expect(file.read(name)).toEqual(data());
      }
    });
  });

  it.each(['qwen2/model', 'qwen3/expected', 'lora/adapter_model'])(
    'of the reference implementation are written again byte for byte: %s',
    (name) => {
      const original = `${fixture('.')}/${name}.safetensors`;
      const copy = join(dir, 'copy.safetensors');
      withSafetensors(original, (file) => writeSafetensors(copy, sources(file).reverse(), file.metadata));
      expect(readFileSync(copy).equals(readFileSync(original))).toBe(true);
    },
  );

  it('keep their old content when a write fails, and leave no temporary file', () => {
    const path = join(dir, 'model.safetensors');
    writeSafetensors(path, [source('a', 'F32', [1], Float32Array.of(1))]);
    const before = readFileSync(path);
    const short = source('b', 'F32', [2], Float32Array.of(1));
    expect(() => writeSafetensors(path, [short])).toThrow(
      `${path}: cannot write (tensor b: expected 8 bytes, found 4)`,
    );
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(dir)).toEqual(['model.safetensors']);
  });
});

describe('a damaged file is refused in one line that names it', () => {
  const entry = (dtype: string, shape: number[], offsets: number[]) =>
    JSON.stringify({ dtype, shape, data_offsets: offsets });
  const cases: [string, () => string, string][] = [
    ['no file', () => join(dir, 'none.safetensors'), 'cannot open'],
    [
      'shorter than its length field',
      () => {
        writeFileSync(join(dir, 'x'), 'abc');
        return join(dir, 'x');
      },
      'at least 8 bytes, found 3',
    ],
    ['header length past the end', () => rawFile('{}', 0, 9n), 'header length 9 exceeds 2: truncated'],
    [
      'absurd header length',
      () => rawFile('{}', 0, 2n ** 63n),
      'header length 9223372036854775808 exceeds 2',
    ],
    ['header not UTF-8', () => rawFile(Uint8Array.of(0x7b, 0xff, 0x7d)), 'not UTF-8'],
    ['header not JSON', () => rawFile('{"a"'), 'not JSON'],
    ['header no object', () => rawFile('[]'), 'must be a JSON object'],
    [
      'unknown dtype',
      () => rawFile(`{"a":${entry('F12', [1], [0, 4])}}`, 4),
      'tensor a: unknown dtype "F12", expected one of U64, I64',
    ],
    ['negative shape', () => rawFile(`{"a":${entry('F32', [-1], [0, 4])}}`, 4), 'tensor a: shape must be'],
    [
      'backward offsets',
      () => rawFile(`{"a":${entry('F32', [1], [4, 0])}}`, 4),
      'tensor a: data_offsets must be',
    ],
    [
      'shape and size differ',
      () => rawFile(`{"a":${entry('F32', [2], [0, 4])}}`, 4),
      'tensor a: F32 [2] needs 8 bytes, but data_offsets span 4',
    ],
    [
      'past the end',
      () => rawFile(`{"a":${entry('F32', [2], [0, 8])}}`, 4),
      'tensor a ends at byte 8 of the data, but the file holds 4: truncated',
    ],
    [
      'overlap',
      () => rawFile(`{"a":${entry('F32', [2], [0, 8])},"b":${entry('F32', [1], [4, 8])}}`, 8),
      'tensor b overlaps tensor a',
    ],
    [
      'gap',
      () => rawFile(`{"a":${entry('F32', [1], [4, 8])}}`, 8),
      '4 bytes before tensor a belong to no tensor',
    ],
    [
      'trailing bytes',
      () => rawFile(`{"a":${entry('F32', [1], [0, 4])}}`, 6),
      '2 bytes after the last tensor',
    ],
    [
      'twice the same name',
      () => rawFile(`{"a":${entry('F32', [1], [0, 4])},"a":${entry('F32', [1], [4, 8])}}`, 8),
      'tensor a appears twice',
    ],
    ['entry no object', () => rawFile('{"a":1}'), 'tensor a: entry must be an object, found 1'],
    [
      'metadata no strings',
      () => rawFile('{"__metadata__":{"a":1}}'),
      '__metadata__ must map strings to strings',
    ],
  ];
  it.each(cases)('%s', (_, make, message) => {
    const path = make();
    const open = () => new SafetensorsFile(path);
    expect(open).toThrow(message);
    expect(open).toThrow(/^[^\n]*$/);
    expect(open).toThrow(path);
  });

  it('a tensor that is not there, or of no floating-point dtype', () => {
    const path = rawFile(`{"a":${entry('I32', [1], [0, 4])}}`, 4);
    withSafetensors(path, (file) => {
      expect(() => file.read('b')).toThrow(`${path}: has no tensor b`);
      expect(() => file.readFloat32('a')).toThrow(
        `${path}: tensor a is I32, expected one of F32, F16, BF16, F64`,
      );
    });
  });
});

describe('sharded checkpoints', () => {
  const tensors = ['a', 'b', 'c'].map((name, i) => source(name, 'F32', [4], new Float32Array(4).fill(i)));
  const names = () => readdirSync(dir).sort();

  it('split where the next tensor would not fit, and read back', () => {
    writeCheckpoint(dir, tensors, { maxShardBytes: 32 });
    expect(names()).toEqual([
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'model.safetensors.index.json',
    ]);
    expect(JSON.parse(readFileSync(join(dir, 'model.safetensors.index.json'), 'utf8'))).toEqual({
      metadata: { total_size: 48 },
      weight_map: {
        a: 'model-00001-of-00002.safetensors',
        b: 'model-00001-of-00002.safetensors',
        c: 'model-00002-of-00002.safetensors',
      },
    });
    withCheckpoint(dir, (files) => {
      for (const { name, data } of tensors) expect(files.get(name)!.read(name)).toEqual(data());
    });
  });

  it('replace what an earlier checkpoint left', () => {
    writeCheckpoint(dir, tensors, { maxShardBytes: 16 });
    writeCheckpoint(dir, tensors);
    expect(names()).toEqual(['model.safetensors']);
  });

  it('must agree with their index', () => {
    writeCheckpoint(dir, tensors, { maxShardBytes: 32 });
    const index = join(dir, 'model.safetensors.index.json');
    const json = JSON.parse(readFileSync(index, 'utf8'));
    const withMap = (weight_map: unknown) => {
      writeFileSync(index, JSON.stringify({ ...json, weight_map }));
      return () => withCheckpoint(dir, () => {});
    };
    const { a, b, c } = json.weight_map;
    expect(withMap({ a, b, c: a })).toThrow(
      'places tensor c in model-00001-of-00002.safetensors, which does not hold it',
    );
    expect(withMap({ a, c })).toThrow(
      'holds tensor b, which model.safetensors.index.json does not place there',
    );
    expect(withMap({ a, b, c: '../c.safetensors' })).toThrow(
      'weight_map must map tensor names to file names',
    );
    expect(withMap({ a, b, c: 'gone.safetensors' })).toThrow('gone.safetensors: cannot open');
    writeFileSync(index, '{');
    expect(() => withCheckpoint(dir, () => {})).toThrow('model.safetensors.index.json: is not JSON');
  });

  it('are missed by name when nothing is there', () => {
    expect(existsSync(join(dir, 'model.safetensors'))).toBe(false);
    expect(() => withCheckpoint(dir, () => {})).toThrow(
      'has neither model.safetensors nor model.safetensors.index.json',
    );
  });
});
