import { describe, expect, test } from 'vitest';
import type { TensorData } from '../tensor-data.ts';
import { makePlan } from './plan.ts';
import { Recorder } from './recorder.ts';
import type { Attribute, Value } from './types.ts';
import { Constant, Leaf, type NodeOutput } from './value.ts';

const makeRecorder = () => new Recorder('test', { native: false, retain() {}, scalar: () => makeData() });
const makeData = (): TensorData => ({ dtype: 'float32', refCount: 1 });
const plan = (...outputs: Value[]) => makePlan(outputs as NodeOutput[]);

describe('plan', () => {
  test('leaves out what the outputs do not need', () => {
    const g = makeRecorder();
    const [a, b] = [0, 1].map(() => g.leaf(makeData(), 'float32', [2]));
    const sum = g.op('Add', [a!, b!], 'float32', [2]);
    const unused = g.op('Mul', [a!, g.constant([2], 'float32')], 'float32', [2]);
    const product = g.op('Mul', [sum, a!], 'float32', [2]);
    const { nodes, leaves, constants } = plan(product);
    expect(nodes.map((node) => node.opType)).toEqual(['Add', 'Mul']);
    expect(leaves).toEqual([a, b]);
    expect(constants).toEqual([]);
    expect(plan(product, unused).nodes).toHaveLength(3);
  });

  const build = ({
    shape = [2] as readonly number[],
    constant = 2,
    attributes = {} as Record<string, Attribute>,
    domain = '',
    same = true,
    extra = false,
  } = {}) => {
    const g = makeRecorder();
    const a = g.leaf(makeData(), 'float32', shape);
    const b = same ? a : g.leaf(makeData(), 'float32', shape);
    const y = g.op('Add', [a, b], 'float32', shape, attributes, domain);
    const z = g.op('Mul', [y, g.constant([constant], 'float32')], 'float32', shape);
    return extra ? plan(z, y) : plan(z);
  };

  test('equal structures have equal keys', () => {
    expect(build().key).toBe(build().key);
  });

  test.each([
    ['shape', { shape: [3] }],
    ['rank', { shape: [2, 1] }],
    ['constant', { constant: 3 }],
    ['attribute', { attributes: { axis: 1 } }],
    ['attribute type', { attributes: { axis: { f: 1 } } }],
    ['domain', { domain: 'com.microsoft' }],
    ['wiring', { same: false }],
    ['outputs', { extra: true }],
  ])('another %s is another key', (_what, change) => {
    expect(build(change).key).not.toBe(build().key);
  });
});

describe('recorder', () => {
  test('one leaf per tensor and shape', () => {
    const g = makeRecorder();
    const data = makeData();
    const leaf = g.leaf(data, 'float32', [6]);
    expect(g.leaf(data, 'float32', [6])).toBe(leaf);
    const reshaped = g.reshape(leaf, [2, 3]);
    expect(reshaped).toBeInstanceOf(Leaf);
    expect(g.reshape(leaf, [2, 3])).toBe(reshaped);
    expect(g.nodeCount).toBe(0);
  });

  test('reshaping a computed value twice records one node, a constant none', () => {
    const g = makeRecorder();
    const y = g.op('Neg', [g.leaf(makeData(), 'float32', [6])], 'float32', [6]);
    expect(g.reshape(y, [3, 2])).toBe(g.reshape(y, [3, 2]));
    expect(g.reshape(y, [6])).toBe(y);
    expect(g.nodeCount).toBe(2);
    expect(g.reshape(g.constant([1, 2], 'int64'), [2, 1])).toBeInstanceOf(Constant);
    expect(g.nodeCount).toBe(2);
  });

  test('fill bakes small tensors and expands large ones when the graph runs', () => {
    const g = makeRecorder();
    expect(g.fill(0, 'float32', [4])).toBeInstanceOf(Constant);
    const large = g.fill(0, 'float32', [1000, 1000]) as NodeOutput;
    expect(large.producer.opType).toBe('Expand');
    expect(large.producer.inputs[0]).toBeInstanceOf(Leaf);
  });

  test('cast is the identity where it can be', () => {
    const g = makeRecorder();
    const leaf = g.leaf(makeData(), 'float32', []);
    expect(g.cast(leaf, 'float32')).toBe(leaf);
    expect(g.cast(leaf, 'int64').type).toBe('int64');
  });
});
