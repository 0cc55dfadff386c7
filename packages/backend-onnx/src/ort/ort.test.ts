import { afterEach, describe, expect, test, vi } from 'vitest';
import { encodeModel, type Model } from '../onnx/model.ts';
import { useBackend } from '../use-backend.ts';
import { addressOf, loadOrt } from './api.ts';
import { findLibrary } from './library.ts';
import { OrtRuntime } from './runtime.ts';
import { stringTable } from './strings.ts';

afterEach(() => vi.unstubAllEnvs());

describe('the library', () => {
  test('is the one inside of onnxruntime-node', () => {
    expect(findLibrary()).toMatch(/onnxruntime-node.*onnxruntime/);
    expect(loadOrt().version).toMatch(/^1\.\d+\.\d+$/);
  });

  test('may be another one, which must exist', () => {
    vi.stubEnv('ATTUNE_ORT_LIBRARY', '/no/such/library.so');
    expect(() => findLibrary()).toThrow('ATTUNE_ORT_LIBRARY: no such file: /no/such/library.so');
  });
});

test('memory has an address that stays', () => {
  const bytes = new Uint8Array(new ArrayBuffer(8));
  const address = addressOf(bytes);
  expect(address).toBeGreaterThan(0n);
  expect(addressOf(new Uint8Array(bytes.buffer, 3))).toBe(address + 3n);
});

test('strings are laid out as C expects them', () => {
  const { pointers, bytes, length } = stringTable(['ab', 'é']);
  expect([...bytes]).toEqual([97, 98, 0, 0xc3, 0xa9, 0]);
  expect([...pointers]).toEqual([addressOf(bytes), addressOf(bytes) + 3n]);
  expect(length).toBe(2);
});

test.each([
  ['cuda', /needs an NVIDIA GPU .* ONNX Runtime: /s],
  ['coreml', /needs macOS\. ONNX Runtime: CoreML execution provider is not supported/],
  ['dml', /needs Windows and a DirectX 12 GPU\. ONNX Runtime: DML execution provider is not supported/],
] as const)('the %s provider, where it is missing, is named with what it needs', async (provider, reason) => {
  // The library of this machine may well have the provider.
  const error = await useBackend('onnx', { provider, quiet: true }).then(
    () => undefined,
    (e: Error) => e.message,
  );
  if (error === undefined) return;
  expect(error).toMatch(new RegExp(`^The ${provider} execution provider is not available here: it `));
  expect(error).toMatch(reason);
});

test('an unknown provider is refused', async () => {
  await expect(useBackend('onnx', { provider: 'tpu' as 'cpu' })).rejects.toThrow(
    'provider: expected one of cpu, cuda, webgpu, coreml, dml, found tpu',
  );
});

test('every kind of attribute reaches ONNX Runtime', () => {
  const runtime = new OrtRuntime();
  const one = (name: string) => ({ name, type: 'float32' as const, shape: [2, 2] });
  const node = (
    opType: string,
    inputs: string[],
    output: string,
    attributes: Model['nodes'][number]['attributes'],
  ) => ({ opType, domain: '', inputs, outputs: [output], attributes });
  const shape = {
    name: 's',
    type: 'int64' as const,
    shape: [2],
    bytes: new Uint8Array(BigInt64Array.of(2n, 2n).buffer),
  };
  const model: Model = {
    name: 'attributes',
    nodes: [
      node('Transpose', ['x'], 'a', { perm: [1, 0] }),
      node('LeakyRelu', ['a'], 'b', { alpha: { f: 1 } }),
      node('LeakyRelu', ['b'], 'c', { alpha: 0.5 }),
      node('Softmax', ['c'], 'd', { axis: 1 }),
      node('ConstantOfShape', ['s'], 'e', { value: { tensor: 3, type: 'float32' } }),
      node('Einsum', ['d', 'e'], 'f', { equation: 'ij,jk->ik' }),
      { ...node('FusedMatMul', ['f', 'd'], 'y', { transA: 1 }), domain: 'com.microsoft' },
    ],
    inputs: [one('x')],
    outputs: [one('y')],
    initializers: [shape],
  };
  const session = runtime.createSession(encodeModel(model), 'attributes');
  runtime.releaseSession(session);
  const broken = { ...model, nodes: [node('Transpose', ['x'], 'y', { perm: [0, 1, 2] })] };
  expect(() => runtime.createSession(encodeModel(broken), 'broken')).toThrow(
    /^broken: the recorded graph does not compile\. ONNX Runtime: .*perm/s,
  );
});
