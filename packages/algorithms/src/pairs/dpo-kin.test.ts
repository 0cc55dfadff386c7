import { useBackend } from '@attune/backend-onnx';
import { beforeAll, expect, test } from 'vitest';
import { fixture } from '../fixtures/read.ts';
import { type Fixture, runCase } from '../fixtures/run-case.ts';
import { algorithms } from '../resolve.ts';
import { dpo, dpoOptions } from './dpo.ts';
import { dpoKin } from './dpo-kin.ts';

beforeAll(async () => {
  await useBackend('cpu', { quiet: true });
});

/** What each is in the words of `dpo`. */
const settled: Record<string, object> = {
  cdpo: { labelSmoothing: 0.1 },
  'robust-dpo': { variant: 'robust', labelSmoothing: 0.1 },
  slic: { variant: 'hinge' },
  ipo: { variant: 'ipo' },
  exo: { variant: 'exo-pair' },
  nca: { variant: 'nca-pair' },
  'bco-pair': { variant: 'bco-pair' },
  'sppo-hard': { variant: 'sppo-hard' },
  aot: { variant: 'aot' },
  'aot-unpaired': { variant: 'aot-unpaired' },
  'apo-zero': { variant: 'apo-zero' },
  'apo-down': { variant: 'apo-down' },
  discopop: { variant: 'discopop' },
  'dpo-norm': { variant: 'sigmoid-norm' },
  mpo: { variant: { sigmoid: 0.8, 'bco-pair': 0.2, sft: 1 } },
  'f-dpo': { divergence: 'js' },
  'ld-dpo': { ldAlpha: 0.5 },
  wpo: { weighting: true },
  'tr-dpo': { referenceSync: { steps: 512, mixup: 0.6 } },
};

test('all are named', () => {
  expect(Object.keys(dpoKin)).toEqual(Object.keys(settled));
  for (const name of Object.keys(settled)) expect(algorithms[name]).toBe(dpoKin[name]);
});

test.each(Object.entries(settled))('%s is dpo with %j', (name, options) => {
  const { batch, cases } = fixture<Fixture>(name === 'wpo' ? 'wpo' : 'dpo');
  const [one] = cases;
  const run = (algorithm: typeof dpo | (typeof dpoKin)[string], own: object) =>
    runCase(algorithm as never, { batch, cases }, { ...one!, options: { beta: 0.3, ...own } });
  expect(run(dpoKin[name]!, {})).toEqual(run(dpo, options));
  const needs = (dpoKin[name]!.needs as (options: unknown) => object)(dpoKin[name]!.options.parse({}));
  expect(needs).toEqual(dpo.needs!(dpoOptions.parse(options)));
});

test.each([
  ['ipo', { variant: 'hinge' }],
  ['ipo', { labelSmoothing: 0.1 }],
  ['cdpo', { labelSmoothing: 0 }],
  ['nca', { divergence: 'js' }],
  ['dpo', { variant: 'nca-pair', divergence: 'js' }],
  ['dpo', { variant: 'hinge', labelSmoothing: 0.1 }],
  ['dpo', { variant: 'aot', weighting: true }],
  ['cpo', { variant: 'hinge', labelSmoothing: 0.1 }],
])('%s refuses %j, which would change nothing', (name, options) => {
  expect(algorithms[name]!.options.safeParse(options).success).toBe(false);
});
