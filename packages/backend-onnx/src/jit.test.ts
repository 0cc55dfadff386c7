import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OnnxBackend } from './backend.ts';
import { jit, useBackend } from './index.ts';

const numbers = (t: tf.Tensor) => [...t.dataSync()];

describe.each(['onnx', 'cpu'] as const)('jit on %s', (backend) => {
  beforeEach(() => useBackend(backend, { quiet: true }));

  test('computes what the function computes, for every shape', () => {
    const f = jit((x: tf.Tensor) => tf.sum(tf.mul(x, x)));
    for (const n of [1, 2, 3, 2, 1]) expect(numbers(f(tf.ones([n])))).toEqual([n]);
    f.dispose();
  });

  test('takes numbers as scalars, and nested arguments and results', () => {
    const f = jit(({ x, more }: { x: tf.Tensor; more: tf.Tensor[] }, scale: tf.Scalar, mode: string) => ({
      y: tf.mul(tf.add(x, more[0]!), scale),
      rest: [more[1]!, mode],
    }));
    const args = { x: tf.tensor1d([1, 2]), more: [tf.tensor1d([3, 4]), tf.scalar(5)] };
    for (const scale of [2, 3]) {
      const { y, rest } = f(args, scale, 'a');
      expect(numbers(y)).toEqual([4 * scale, 6 * scale]);
      expect(numbers(rest[0] as tf.Tensor)).toEqual([5]);
      expect(rest[1]).toBe('a');
    }
    expect(f(args, 1, 'b').rest[1]).toBe('b');
    f.dispose();
  });

  test('reads and assigns variables', () => {
    const v = tf.variable(tf.tensor1d([1, 2]));
    const f = jit((x: tf.Tensor1D) => {
      const before = v.clone();
      v.assign(tf.add(v, x));
      return [before, v];
    });
    const ones = tf.ones([2]) as tf.Tensor1D;
    for (let step = 1; step <= 3; step++) {
      const [before, after] = f(ones);
      expect(numbers(before!)).toEqual([step, step + 1]);
      expect(numbers(after!)).toEqual([step + 1, step + 2]);
      expect(numbers(v)).toEqual([step + 1, step + 2]);
    }
    v.assign(tf.tensor1d([10, 20]));
    expect(numbers(f(ones)[1]!)).toEqual([11, 21]);
    v.dispose();
    f.dispose();
  });

  test('clones of a variable keep their value', () => {
    const v = tf.variable(tf.scalar(1));
    const frozen = tf.variable(v.clone());
    const f = jit(() => {
      v.assign(tf.add(v, frozen));
      return v;
    });
    f();
    const snapshot = v.clone();
    f();
    expect(numbers(v)).toEqual([3]);
    expect(numbers(frozen)).toEqual([1]);
    expect(numbers(snapshot)).toEqual([2]);
    tf.dispose([v, frozen, snapshot]);
    f.dispose();
  });

  test('trains like the uncompiled function', () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const target = tf.tensor2d([1, 0, 2], [3, 1]);
    const run = (compile: boolean) => {
      const w = tf.variable(tf.tensor2d([0.1, -0.2], [2, 1]));
      const momentum = tf.variable(tf.zeros([2, 1]));
      const body = (rate: tf.Scalar) => {
        const loss = () => tf.mean(tf.square(tf.sub(tf.matMul(x, w), target))) as tf.Scalar;
        const { value, grads } = tf.variableGrads(loss, [w]);
        momentum.assign(tf.add(tf.mul(momentum, 0.9), grads[w.name]!));
        w.assign(tf.sub(w, tf.mul(momentum, rate)));
        return value;
      };
      const step = compile ? jit(body) : (rate: number) => tf.tidy(() => body(tf.scalar(rate)));
      const losses = [0.01, 0.02, 0.01, 0.005].map((rate) => numbers(step(rate))[0]!);
      return [...losses, ...numbers(w)];
    };
    const compiled = run(true);
    run(false).forEach((value, i) => {
      expect(compiled[i]).toBeCloseTo(value, 5);
    });
  });

  test('runAsync gives the same', async () => {
    const v = tf.variable(tf.scalar(0));
    const f = jit((x: tf.Scalar) => {
      v.assign(tf.add(v, x));
      return v;
    });
    const results = await Promise.all([1, 2, 3].map((x) => f.runAsync(x)));
    expect(results.map((t) => numbers(t)[0])).toEqual([1, 3, 6]);
    f.dispose();
  });

  test('may be called inside of a gradient and of another compiled function', () => {
    const square = jit((x: tf.Tensor) => tf.square(x));
    const slope = tf.grad((x) => square(x))(tf.scalar(3));
    expect(numbers(slope)).toEqual([6]);
    const outer = jit((x: tf.Tensor) => tf.add(square(x), 1));
    expect(numbers(outer(4))).toEqual([17]);
  });
});

describe('on onnx', () => {
  beforeEach(() => useBackend('onnx', { quiet: true }));
  afterEach(() => expect(tf.engine().state.activeScope ?? null).toBeNull());

  test('the function runs once per signature', () => {
    let runs = 0;
    const f = jit((x: tf.Tensor, rate: tf.Scalar) => {
      runs++;
      return tf.mul(x, rate);
    });
    for (const n of [2, 3, 2, 3])
      for (const rate of [0.5, 2]) expect(numbers(f(tf.ones([n]), rate))).toEqual(Array(n).fill(rate));
    expect(runs).toBe(2);
  });

  test('reading a value inside is an error that says so', () => {
    const f = jit((x: tf.Tensor) => (x.dataSync()[0]! > 0 ? x : tf.neg(x)), { name: 'abs' });
    expect(() => f(tf.scalar(1))).toThrow(/jit\(abs\): a value was read while the function was traced/);
  });

  test('creating a variable inside is an error, and the variable is gone', () => {
    const before = tf.memory().numTensors;
    const f = jit(() => tf.variable(tf.scalar(1), true, 'slot'), { name: 'f' });
    expect(() => f()).toThrow('jit(f): the function created the variable slot.');
    expect(tf.memory().numTensors).toBe(before);
  });

  test('asynchronous functions and strange arguments are refused', () => {
    expect(() => jit(async () => tf.scalar(1), { name: 'f' })()).toThrow(
      'jit(f): the function must not be asynchronous',
    );
    expect(() => jit((x: never) => x, { name: 'f' })({ a: [new Date()] } as never)).toThrow(
      'jit(f): argument 1.a[0] is a Date.',
    );
  });

  test('an error inside leaves variables and tensor counts as they were', () => {
    const v = tf.tidy(() => tf.variable(tf.scalar(1)));
    const before = tf.memory();
    const f = jit(() => {
      v.assign(tf.add(v, 1));
      throw new Error('oops');
    });
    expect(() => f()).toThrow('oops');
    expect(numbers(v)).toEqual([1]);
    expect(tf.memory()).toEqual(before);
    v.dispose();
  });

  test('steps keep tensors and buffers constant', () => {
    const { pool } = tf.backend() as OnnxBackend;
    const w = tf.variable(tf.ones([64, 64]));
    const f = jit((x: tf.Tensor2D) => {
      w.assign(tf.sub(w, tf.mul(tf.matMul(x, x, true), 1e-3)));
      return tf.sum(w);
    });
    const counts = () => [
      tf.memory().numTensors,
      tf.memory().numDataBuffers,
      pool.liveBuffers,
      pool.liveBytes,
      pool.freeBytes,
    ];
    const step = () => tf.tidy(() => f(tf.ones([8, 64])).dataSync());
    for (let i = 0; i < 3; i++) step();
    const before = counts();
    for (let i = 0; i < 50; i++) step();
    expect(counts()).toEqual(before);
    w.dispose();
    f.dispose();
  });

  test('what a caller read stays what it was', () => {
    const v = tf.variable(tf.scalar(1));
    const f = jit(() => {
      v.assign(tf.add(v, 1));
    });
    const seen = v.dataSync();
    f();
    f();
    expect([...seen]).toEqual([1]);
    expect(numbers(v)).toEqual([3]);
  });

  test('variables are updated in place where nobody needs the old value any more', () => {
    const { pool } = tf.backend() as OnnxBackend;
    const weights = [0, 1].map(() => tf.tidy(() => tf.variable(tf.fill([256, 256], 0.01))));
    const moments = [0, 1].map(() => tf.tidy(() => tf.variable(tf.zeros([256, 256]))));
    const f = jit((x: tf.Tensor2D) => {
      const h = () => tf.matMul(tf.matMul(x, weights[0] as tf.Tensor2D), weights[1] as tf.Tensor2D);
      const { grads } = tf.variableGrads(() => tf.sum(tf.square(h())) as tf.Scalar, weights);
      for (const [i, w] of weights.entries()) {
        moments[i]!.assign(tf.add(tf.mul(moments[i]!, 0.9), grads[w.name]!));
        w.assign(tf.sub(w, tf.mul(moments[i]!, 1e-3)));
      }
    });
    const x = tf.ones([4, 256]) as tf.Tensor2D;
    f(x);
    pool.clear();
    f(x);
    // What a weight was is needed for the gradient of the other one, perhaps after its own update: weights take
    // turns between two buffers, moments do not.
    expect(pool.freeBytes).toBe(2 * 256 * 256 * 4);
    tf.dispose([...weights, ...moments]);
    f.dispose();
  });

  test('a synchronous call may not race an asynchronous one for a variable', async () => {
    const v = tf.variable(tf.scalar(0));
    const f = jit(
      () => {
        v.assign(tf.add(v, 1));
      },
      { name: 'count' },
    );
    const running = f.runAsync();
    expect(() => f()).toThrow(/jit\(count\) was called while jit\(count\) runs asynchronously/);
    await running;
    f();
    expect(numbers(v)).toEqual([2]);
  });

  test('a disposed variable is named', () => {
    const v = tf.variable(tf.scalar(0), true, 'gone');
    const f = jit(() => tf.add(v, 1), { name: 'f' });
    f();
    v.dispose();
    expect(() => f()).toThrow('jit(f): the variable gone is disposed');
  });
});
