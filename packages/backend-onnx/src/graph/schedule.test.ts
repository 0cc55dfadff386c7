import { describe, expect, it } from 'vitest';
import { Recorder } from './recorder.ts';
import { schedule } from './schedule.ts';
import type { Value } from './types.ts';
import type { GraphNode, NodeOutput } from './value.ts';

const recorder = () =>
  new Recorder('test', { native: false, retain() {}, scalar: () => ({ dtype: 'float32', refCount: 1 }) });

describe('schedule', () => {
  it('finishes what ends early before it goes on', () => {
    const g = recorder();
    const nodes: GraphNode[] = [];
    const op = (name: string, ...inputs: Value[]) => {
      const value = g.op(name, inputs, 'float32', []);
      nodes.push((value as NodeOutput).producer);
      return value;
    };
    // A backward pass of three layers, whose weights are updated after all of it.
    const d3 = op('d3');
    const d2 = op('d2', d3);
    const d1 = op('d1', d2);
    for (const [i, d] of [d1, d2, d3].entries()) op(`update${i + 1}`, d);
    expect(schedule(nodes).map((node) => node.opType)).toEqual([
      'd3',
      'update3',
      'd2',
      'update2',
      'd1',
      'update1',
    ]);
  });

  it('keeps the order of recording where nothing else matters', () => {
    const g = recorder();
    const a = g.op('a', [], 'float32', []);
    const b = g.op('b', [], 'float32', []);
    const sum = g.op('sum', [b, a, a], 'float32', []);
    const nodes = [a, b, sum].map((value) => (value as NodeOutput).producer);
    expect(schedule(nodes).map((node) => node.opType)).toEqual(['a', 'b', 'sum']);
  });
});
