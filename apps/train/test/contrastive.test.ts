import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  jsonl,
  killWhen,
  metricsOf,
  readJson,
  recipe,
  sums,
  train,
  trainWell,
  workspace,
} from './attune.ts';

const pairs = sums.map(({ prompt, answer }, i) => ({ query: prompt, positive: `it is ${answer}, see ${i}` }));
const at = workspace({
  'pairs.jsonl': jsonl(pairs),
  'equal.jsonl': jsonl(pairs.map((row, i) => (i % 4 === 0 ? { ...row, positive: row.query } : row))),
  'empty.jsonl': jsonl(pairs.map((row, i) => (i === 2 ? { ...row, positive: '' } : row))),
  'one-answer.jsonl': jsonl(pairs.map((row, i) => ({ ...row, positive: i < 20 ? 'five' : row.positive }))),
  'held-out.jsonl': jsonl(pairs.map(({ query, positive }) => ({ anchor: `${query}?`, positive }))),
  'texts.jsonl': jsonl(sums.map(({ prompt }) => ({ text: prompt }))),
  'recipe.yaml': recipe().replace('data.jsonl', 'pairs.jsonl'),
});
const base = (name: string, ...words: string[]) => [at('recipe.yaml'), '--output', at(name), ...words];
const from = (file: string) => `data.train.path=${at(file)}`;

describe('contrastive methods by one word', () => {
  const held = [`data.validation.path=${at('held-out.jsonl')}`, 'evaluation.every=6'];
  it.each([
    ['clip', ['scale']],
    ['siglip', ['scale', 'bias']],
    ['infonce', ['information']],
    ['{ name: itc, momentum: 0.9 }', ['temperature']],
    ['{ name: itm, itcWeight: 1 }', ['temperature', 'accuracy/negatives']],
  ])('%s', (algorithm, metrics) => {
    const name = `by-${algorithm.replace(/\W+/g, '-')}`;
    trainWell(base(name, `algorithm=${algorithm}`, ...held, '--quiet'));
    const lines = metricsOf(at(name));
    for (const metric of ['loss', ...metrics]) expect(lines.at(-2)).toHaveProperty([metric]);
    for (const metric of ['loss', 'recall@1/left', 'recall@1/right', 'reciprocal-rank/left'])
      expect(lines.at(-1)).toHaveProperty([`validation/${metric}`]);
  });

  it('leaves an embedding model, and the next run goes on from what it learned', () => {
    const first = at('by-clip/model');
    expect(readJson(`${first}/modules.json`)).toHaveLength(3);
    expect(readJson(`${first}/1_Pooling/config.json`)).toMatchObject({
      word_embedding_dimension: 16,
      pooling_mode_mean_tokens: true,
    });
    const words = ['algorithm=clip', `model={ path: ${first} }`, 'schedule.steps=1'];
    trainWell(base('goes-on', ...words, '--quiet'));
    const scales = (run: string) => metricsOf(at(run)).flatMap(({ scale }) => scale ?? []);
    expect(scales('by-clip')[0]).toBeCloseTo(1 / 0.07, 4);
    expect(Math.abs(scales('goes-on')[0]! - scales('by-clip')[0]!)).toBeGreaterThan(0.1);
  });

  it('a run that is killed and resumed ends with the same bits', async () => {
    const words = [
      'algorithm={ name: itm, itcWeight: 1, negatives: sampled }',
      'embedding.pooling=last',
      'optimizer.ema=0.9',
      'schedule.steps=10',
    ];
    trainWell(base('whole', ...words, '--quiet'));
    expect(await killWhen(base('killed', ...words), (progress) => /^step +5\//m.test(progress))).toBe(true);
    trainWell(base('killed', ...words, '--resume', '--quiet'));
    for (const file of ['metrics.jsonl', 'model/model.safetensors', 'model/contrastive.safetensors'])
      expect(bytesOf(at('killed'), file), file).toBe(bytesOf(at('whole'), file));
    expect(existsSync(at('killed/checkpoints/step-000010/contrastive.safetensors'))).toBe(true);
  });
});

describe('bad input', () => {
  it('pairs of equal texts are left out and counted, long ones are cut', () => {
    const words = ['algorithm=clip', from('equal.jsonl'), 'batch.maxLength=8'];
    trainWell(base('equal', ...words));
    const notices = readFileSync(at('equal/notices.txt'), 'utf8');
    expect(notices).toContain('6 of 24 examples have two texts that are the same and were left out');
    expect(notices).toMatch(/\d+ of 24 examples are longer than 8 tokens and were cut/);
  });

  it.each([
    [
      ['batch.size=1'],
      'batch.size must be >= 2, found 1: clip compares the examples of a step with each other',
    ],
    [['batch.micro=4'], 'batch.micro must be batch.size (8), found 4'],
    [[from('empty.jsonl')], 'empty.jsonl row 3: positive must be a non-empty string, found ""'],
    [[from('one-answer.jsonl')], 'batch.size must be <= 5, the pairs of texts that share none, found 8'],
    [
      [from('texts.jsonl')],
      'texts.jsonl row 1: the algorithm learns from pairs of texts and needs query and positive',
    ],
    [
      ['algorithm=sft'],
      'supervised training needs texts, conversations or completions, found a contrastive example',
    ],
  ])('refuses %j', (words, message) => {
    const { code, stderr } = train(
      base(`refused-${words}`.replace(/\W+/g, '-'), 'algorithm=clip', ...words, '--quiet'),
    );
    expect(code).toBe(1);
    expect(stderr.split('\n')).toHaveLength(2);
    expect(stderr).toContain(message);
  });
});
