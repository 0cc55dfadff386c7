import { useBackend } from '@attune/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { algorithms } from './resolve.ts';
import { effectiveRewards, processAdvantages } from './reward-models/index.ts';
import { outcome } from './testing/outcome.ts';
import { type SampleExample, type SampleStep, sampleStep } from './testing/sample-batch.ts';

beforeAll(async () => {
  await useBackend('cpu', { quiet: true });
});

/** A random step of an algorithm's own kind, with its examples changed. */
function step(name: string, options: object, change: (example: SampleExample) => SampleExample = (e) => e) {
  const algorithm = algorithms[name]!;
  const parsed = algorithm.options.parse(options);
  const drawn = sampleStep(algorithm.batch, algorithm.needs?.(parsed) ?? {}, { count: 4 });
  return { ...drawn, examples: drawn.examples.map(change) };
}

/** What an algorithm makes of a step; default: of one of its own kind. */
function run(name: string, options: object = {}, of: SampleStep = step(name, options)) {
  return outcome(algorithms[name]!, algorithms[name]!.options.parse(options), of);
}

/** The reference equals the policy. */
const equalPolicies = (example: SampleExample): SampleExample =>
  Object.fromEntries(
    Object.entries(example).map(([path, value]) => [
      path,
      path.endsWith('refLogProbs') ? example[path.replace('refLogProbs', 'logProbs')]! : value,
    ]),
  );
/** Weights of all examples 1. */
const unweighted = (example: SampleExample): SampleExample => ({ ...example, weights: 1 });

describe('a policy that equals its reference', () => {
  const beta = 0.5;
  test.each<[string, object, number]>([
    ['dpo', { variant: 'sigmoid' }, Math.LN2],
    ['dpo', { variant: 'sigmoid', labelSmoothing: 0.3 }, Math.LN2],
    ['dpo', { variant: 'sigmoid-norm' }, Math.LN2],
    ['dpo', { variant: 'robust', labelSmoothing: 0.2 }, Math.LN2],
    ['dpo', { variant: 'hinge' }, 1],
    ['dpo', { variant: 'ipo' }, 1 / (4 * beta ** 2)],
    ['dpo', { variant: 'nca-pair' }, 2 * Math.LN2],
    ['dpo', { variant: 'bco-pair' }, 2 * Math.LN2],
    ['dpo', { variant: 'sppo-hard' }, 1 / (2 * beta ** 2)],
    ['dpo', { variant: 'apo-zero' }, 1],
    ['dpo', { variant: 'apo-down' }, 1],
    ['dpo', { variant: 'aot' }, Math.LN2],
    ['dpo', { variant: 'aot-unpaired' }, Math.LN2],
    ['dpo', { variant: 'discopop' }, (Math.LN2 + 1) / 2],
    ['dpo', { divergence: 'forward-kl' }, Math.LN2],
    ['dpo', { divergence: 'js' }, Math.LN2],
    ['dpo', { divergence: 'alpha' }, Math.LN2],
    ['r-dpo', { alpha: 0 }, Math.LN2],
    ['dno', {}, Math.LN2],
    ['xpo', { alpha: 0 }, Math.LN2],
    ['online-dpo', {}, Math.LN2],
    ['mdpo', {}, 3 * Math.LN2],
  ])('%s %o costs %d', (name, options, loss) => {
    const all = { beta, ...options };
    expect(run(name, all, step(name, all, equalPolicies)).loss).toBeCloseTo(loss, 5);
  });

  test.each<[string, object, number]>([
    ['kto', { beta }, 0.5],
    ['apo-zero-unpaired', { beta }, 0.5],
    ['bco', { beta }, Math.LN2],
    ['implicit-prm', { beta }, Math.LN2],
  ])('%s %o costs %d', (name, options, loss) => {
    const of = step(name, options, (example) => unweighted(equalPolicies(example)));
    expect(run(name, options, of).loss).toBeCloseTo(loss, 5);
  });

  test('d2o and lipo of two answers cost log 2', () => {
    const two = (example: SampleExample) => ({
      ...equalPolicies(example),
      present: [1, 1, 0],
      ratings: [1, 0, 0],
    });
    expect(run('d2o', {}, step('d2o', {}, two)).loss).toBeCloseTo(Math.LN2, 5);
    expect(run('lipo', { weights: 'none' }, step('lipo', {}, two)).loss).toBeCloseTo(Math.LN2, 5);
  });
});

describe('one method becomes another', () => {
  const same = (a: ReturnType<typeof run>, b: ReturnType<typeof run>) => {
    expect(a.loss).toBeCloseTo(b.loss, 4);
    const flat = (of: typeof a) =>
      of.gradients.flatMap((e) => ['chosen', 'rejected'].flatMap((s) => e[`${s}.logProbs`] as number[]));
    for (const [i, g] of flat(a).entries()) expect(g).toBeCloseTo(flat(b)[i]!, 4);
  };
  const dpoStep = step('dpo', {});
  const dpo = (options: object = {}) => run('dpo', options, dpoStep);

  test.each<[string, object, object]>([
    ['r-dpo', { alpha: 0 }, {}],
    ['xpo', { alpha: 0 }, {}],
    ['dno', { labels: 'hard' }, {}],
    ['online-dpo', { variant: 'hinge', beta: 1 }, { variant: 'hinge', beta: 1 }],
    ['dpo', { divergence: 'alpha', divergenceAlpha: 1 }, {}],
    ['dpo', { divergence: 'alpha', divergenceAlpha: 1.001 }, { divergence: 'alpha', divergenceAlpha: 1 }],
    ['dpo', { variant: { sigmoid: 1 } }, {}],
    ['dpo', { variant: 'robust', labelSmoothing: 0 }, {}],
  ])('%s %o is dpo %o', (name, options, dpoOptions) => {
    const tolerant = run(name, options, dpoStep);
    expect(tolerant.loss).toBeCloseTo(dpo(dpoOptions).loss, 2);
    if (!('divergenceAlpha' in options)) same(tolerant, dpo(dpoOptions));
  });

  test('mdpo without its condition and anchor is dpo', () => {
    const of = step('mdpo', {});
    same(run('mdpo', { conditional: 0, anchor: 0 }, of), run('dpo', {}, of));
  });

  test('alphapo with α near 0 is simpo', () => {
    same(run('alphapo', { alpha: 1e-5 }, step('simpo', {})), run('simpo', {}));
    same(run('alphapo', { alpha: 0 }, step('simpo', {})), run('simpo', {}));
  });

  test('simpo without a margin is cpo of averaged log-probabilities', () => {
    const alike = (example: SampleExample) => ({
      ...example,
      'chosen.mask': [1, 1, 0, 0, 0, 0],
      'rejected.mask': [1, 1, 0, 0, 0, 0],
    });
    const of = step('simpo', {}, alike);
    same(run('simpo', { beta: 3, gamma: 0 }, of), run('cpo', { beta: 1.5, alpha: 0 }, of));
  });

  test('ld-dpo of answers of equal length is dpo', () => {
    const mask = [0, 1, 1, 1, 0, 0];
    const of = step('dpo', {}, (e) => ({ ...e, 'chosen.mask': mask, 'rejected.mask': mask }));
    same(run('dpo', { ldAlpha: 0 }, of), run('dpo', {}, of));
  });

  test('Plackett-Luce of two answers is Bradley-Terry', () => {
    const pairs = step('reward-model', {});
    const lists: SampleStep = {
      shared: {},
      examples: pairs.examples.map((pair) => ({
        ...Object.fromEntries(
          ['chosen', 'rejected'].flatMap((side, place) =>
            ['mask', 'logProbs', 'scores'].map((key) => [`answers.${place}.${key}`, pair[`${side}.${key}`]!]),
          ),
        ),
        ratings: [2, 1],
        present: [1, 1],
      })),
    };
    expect(run('listwise-reward-model', {}, lists).loss).toBeCloseTo(
      run('reward-model', { margin: 0 }, pairs).loss,
      5,
    );
  });

  test('the mixed loss without ranking is the likelihood of the chosen answers', () => {
    const { loss, metrics } = run('reward-model', { ranking: 0, imitation: 1 });
    expect(loss).toBeCloseTo(metrics.nll!, 5);
  });

  test('npo tends to gradient ascent as β tends to 0', () => {
    const forget = (example: SampleExample) => ({ ...example, desirable: 0, weights: 1 });
    const of = step('npo', {}, forget);
    const { gradients } = run('npo', { beta: 1e-4 }, of);
    for (const [i, example] of of.examples.entries())
      for (const [t, m] of (example.mask as number[]).entries())
        expect((gradients[i]!.logProbs as number[])[t]!).toBeCloseTo(m / 4, 3);
  });
});

describe('nothing to learn', () => {
  const zero = (gradients: SampleExample[]) => {
    for (const example of gradients)
      for (const g of Object.values(example).flat(2)) expect(Math.abs(g as number)).toBeLessThan(1e-6);
  };

  test('sppo: a win rate of ½ and equal policies', () => {
    const of = step('sppo', {}, (example) => ({ ...equalPolicies(example), desirable: 0.5 }));
    const { loss, gradients } = run('sppo', {}, of);
    expect(loss).toBe(0);
    zero(gradients);
  });

  test('dro: a reward that the value explains', () => {
    const of = step('dro', {}, (example) => {
      const at = (example.mask as number[]).indexOf(1);
      return { ...equalPolicies(example), desirable: (example.scores as number[])[at]! };
    });
    zero(run('dro', {}, of).gradients);
  });

  test('lists of answers that are rated alike', () => {
    for (const [name, options] of [
      ['lipo', {}],
      ['rrhf', { sft: 0 }],
      ['pro', { sft: 0 }],
      ['listwise-reward-model', {}],
      ['d2o', {}],
    ] as const) {
      const { loss, gradients } = run(
        name,
        options,
        step(name, options, (e) => ({ ...e, ratings: [1, 1, 1] })),
      );
      expect(loss, name).toBeCloseTo(0, 6);
      zero(gradients);
    }
  });

  test('dno: equal win rates and equal policies', () => {
    const of = step('dno', {}, (example) => ({ ...equalPolicies(example), margins: 0 }));
    zero(run('dno', { labels: 'soft' }, of).gradients);
  });

  test('nash-md: a game that is even, without a penalty', () => {
    const even = (e: SampleExample) => ({ ...e, advantages: (e.advantages as number[]).map(() => 0) });
    zero(run('nash-md', { beta: 0 }, step('nash-md', {}, even)).gradients);
  });
});

test('label smoothing of uniform logits costs the logarithm of the vocabulary', () => {
  const uniform = (e: SampleExample) => ({
    ...e,
    logits: (e.logits as number[][]).map((row) => row.map(() => 3)),
    logProbs: (e.logProbs as number[]).map(() => -Math.log(5)),
    weights: (e.mask as number[]).map(() => 1),
  });
  const options = { labelSmoothing: 0.4 };
  expect(run('sft', options, step('sft', options, uniform)).loss).toBeCloseTo(Math.log(5), 5);
});

test('process advantages add up to the last value less the first; effective rewards add the outcome', () => {
  const advantages = processAdvantages([0.5, 0.25, 1], 0.375);
  expect(Array.from(advantages)).toEqual([0.125, -0.25, 0.75]);
  expect(Array.from(effectiveRewards(advantages, 1, 2))).toEqual([0.25, -0.5, 2.5]);
});

describe('options out of range and missing inputs', () => {
  const parse = (name: string, options: object) => algorithms[name]!.options.parse(options);
  test.each<[string, object, string]>([
    ['dpo', { labelSmoothing: 0.5 }, 'labelSmoothing'],
    ['dpo', { beta: 0 }, 'beta'],
    ['dpo', { variant: {} }, 'at least one loss'],
    ['dpo', { variant: 'aot', weighting: true }, 'choose one of them'],
    ['dpo', { variant: 'sigmod' }, 'variant'],
    ['dpo', { gama: 1 }, 'gama'],
    ['dpo', { referenceSync: { mixup: 0 } }, 'mixup'],
    ['simpo', { gamma: -1 }, 'gamma'],
    ['kto', { desirableWeight: 0 }, 'desirableWeight'],
    ['dno', { minMargin: 1 }, 'minMargin'],
    ['nash-md', { mixture: 1.5 }, 'mixture'],
    ['sft', { labelSmoothing: 1 }, 'labelSmoothing'],
  ])('%s %o', (name, options, message) => {
    expect(() => parse(name, options)).toThrow(message);
  });

  test('kto says why a step of one example cannot be', () => {
    const one = sampleStep('unpaired', { reference: true, mismatched: true }, { count: 1 });
    expect(() => run('kto', {}, one)).toThrow(
      'kto: a step needs at least 2 examples, found 1: the zero point is estimated from answers to other prompts',
    );
  });

  test.each<[string, string, string]>([
    ['dpo', 'refLogProbs', 'dpo: the batch lacks refLogProbs; the reference model has not been run'],
    ['tdpo', 'logits', 'tdpo: the batch lacks logits'],
    ['mdpo', 'corrupted', 'mdpo: the batch lacks corrupted'],
    ['reward-model', 'scores', 'reward-model: the batch lacks scores of the scalar head'],
    ['ordinal-reward-model', 'margins', 'ordinal-reward-model: the batch lacks margins'],
    ['xpo', 'chosenFromReference', 'xpo: the batch lacks chosenFromReference'],
    ['cringe', 'labels', 'cringe: the batch lacks labels'],
  ])('%s without %s', (name, field, message) => {
    const without = (example: SampleExample) =>
      Object.fromEntries(Object.entries(example).filter(([path]) => !path.split('.').includes(field)));
    expect(() => run(name, {}, step(name, {}, without))).toThrow(message);
  });
});

test('lipo learns from lists whose scores are all equal', () => {
  const of = step('lipo', {}, equalPolicies);
  expect(
    run('lipo', {}, of).gradients.some((e) =>
      Object.values(e)
        .flat(2)
        .some((g) => g !== 0),
    ),
  ).toBe(true);
});

test('the reference follows the policy when asked to (TR-DPO)', () => {
  const options = algorithms.dpo!.options.parse({ referenceSync: { steps: 64 } });
  const needs = (algorithms.dpo!.needs as (options: unknown) => object)(options);
  expect(needs).toEqual({ reference: true, referenceSync: { steps: 64, mixup: 0.6 }, logits: false });
});

test("bco's shift is the running mean of all rewards", () => {
  const combine = algorithms.bco!.coupling!.combine as (
    measured: Record<string, Float32Array>,
    options: unknown,
    state: unknown,
  ) => { coupled: Record<string, Float32Array>; state?: unknown };
  const first = combine({ reward: Float32Array.of(1, 3) }, {}, undefined);
  expect(first.coupled.delta).toEqual(Float32Array.of(2, 2));
  const second = combine({ reward: Float32Array.of(-1, 0, 2) }, {}, JSON.parse(JSON.stringify(first.state)));
  expect(second.coupled.delta).toEqual(Float32Array.of(1, 1, 1));
  expect(second.state).toEqual({ count: 5, mean: 1 });
});

test('tensors do not leak', () => {
  const before = tf.memory().numTensors;
  run('dpo', { variant: 'aot-unpaired' });
  run('kto');
  run('cringe');
  expect(tf.memory().numTensors).toBe(before);
});
