import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadRecipe, parseRecipe } from './load.ts';
import { nearest } from './nearest.ts';

const good = `
data: { train: { path: problems.jsonl } }
optimizer: { lr: 1e-3 }
schedule: { steps: 10 }
`;

const load = (text: string, ...overrides: string[]) =>
  parseRecipe(text, { label: 'recipe.yaml', folder: '/recipes', name: 'recipe', overrides }).recipe;

/** The message of the error, with the good recipe and some lines more. */
function problem(lines: string, ...overrides: string[]): string {
  try {
    load(good + lines, ...overrides);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the recipe was accepted');
}

describe('a good recipe', () => {
  it('gets every default', () => {
    const recipe = load(good);
    expect(recipe).toMatchObject({
      name: 'recipe',
      seed: 0,
      model: { family: 'llama', layers: 4 },
      algorithm: { name: 'sft' },
      optimizer: { name: 'adamw', lr: 1e-3, beta2: 0.999, clipNorm: 1 },
      schedule: { name: 'cosine', steps: 10, warmup: 0 },
      batch: { packing: false },
      checkpoint: { every: 100, keep: 2 },
    });
  });

  it('may be written short or long', () => {
    expect(load(`${good}algorithm: dpo`).algorithm).toEqual({ name: 'dpo' });
    expect(load(`${good}algorithm: { name: dpo, beta: 0.1 }`).algorithm).toEqual({ name: 'dpo', beta: 0.1 });
    expect(load(`${good}algorithm: dpo`, 'algorithm.beta=0.2').algorithm).toEqual({ name: 'dpo', beta: 0.2 });
    expect(load(`${good}tokenizer: t.json`).tokenizer.path).toBe('/recipes/t.json');
  });

  it('has its paths relative to itself, those of the command line to the working folder', () => {
    expect(load(good).data.train.path).toBe('/recipes/problems.jsonl');
    const here = (name: string) => `${process.cwd()}/${name}`;
    expect(load(good, 'data.train.path=x.jsonl').data.train.path).toBe(here('x.jsonl'));
    expect(load(`${good}model: { layers: 2 }`, 'model={path: m}').model.path).toBe(here('m'));
    expect(load(good, 'model=m').model.path).toBe(here('m'));
  });

  it('takes overrides of any depth and kind', () => {
    const recipe = load(
      good,
      'seed=7',
      'model.tiedEmbeddings=false',
      'rewards=[{name: number}]',
      'rewards.0.weight=2',
    );
    expect(recipe).toMatchObject({
      seed: 7,
      model: { tiedEmbeddings: false },
      rewards: [{ name: 'number', weight: 2 }],
    });
  });
});

it('lets an override take the place of what it excludes', () => {
  const recipe = load(
    `${good}model: { layers: 9 }`,
    'schedule.epochs=2',
    'data.train.generate=word-problems',
    'model.path=m',
  );
  expect(recipe.schedule).toMatchObject({ epochs: 2 });
  expect(recipe.schedule.steps).toBeUndefined();
  expect(recipe.data.train.path).toBeUndefined();
  expect(recipe.model).toMatchObject({ layers: 4 });
});

describe('a bad recipe is refused in one line', () => {
  it.each([
    ['batch: { size: 0 }', 'recipe.yaml: batch.size must be >= 1, found 0'],
    ['batch: { size: big }', 'recipe.yaml: batch.size must be a number, found "big"'],
    ['batch: { size: 1.5 }', 'recipe.yaml: batch.size must be a whole number, found 1.5'],
    ['batch: { sizes: 4 }', 'recipe.yaml: batch.sizes is not a known key; did you mean batch.size?'],
    ['bach: { size: 4 }', 'recipe.yaml: bach is not a known key; did you mean batch?'],
    [
      'adapter: { droput: 0.1 }',
      'recipe.yaml: adapter.droput is not a known key; did you mean adapter.dropout?',
    ],
    ['output: { xyzzy: 1 }', 'recipe.yaml: output.xyzzy is not a known key; known: folder, logEvery'],
    ['batch: 3', 'recipe.yaml: batch must be a section with keys of its own, found 3'],
    ['rollout: { topP: 1.5 }', 'recipe.yaml: rollout.topP must be <= 1, found 1.5'],
    ['rollout: { temperature: 0 }', 'recipe.yaml: rollout.temperature must be > 0, found 0'],
    ['rewards: []', 'recipe.yaml: rewards must be a list of >= 1 entries, found []'],
    [
      'rewards: [{ weight: 1 }]',
      'recipe.yaml: rewards.0.name is missing: it must be one of gsm8k, exact-match, number, format, think-format, model, math, multiple-choice, regex, json-schema, instructions, language, cosine-length, soft-overlong, repetition, unit-tests, input-output, judge',
    ],
    [
      'rewards: [{ name: gsm8k, mod: strict }]',
      'recipe.yaml: rewards.0.mod is not a known key; did you mean rewards.0.mode?',
    ],
    [
      'rewards: [{ name: gsm8k, mode: lax }]',
      'recipe.yaml: rewards.0.mode must be one of strict, flexible, found "lax"',
    ],
    [
      'model: { family: lama }',
      'recipe.yaml: model.family must be one of llama, qwen2, qwen3, found "lama"; did you mean llama?',
    ],
    ['model: { path: ./m, layers: 2 }', /model\.layers belongs to a new model, but model\.path names one/],
    ['batch: { size: 4, micro: 5 }', 'recipe.yaml: batch.micro must be <= batch.size (4), found 5'],
  ])('%s', (lines, expected) => {
    if (typeof expected === 'string') expect(problem(lines)).toBe(expected);
    else expect(problem(lines)).toMatch(expected);
  });

  it.each([
    ['optimizer.lr=fast', 'recipe.yaml: optimizer.lr must be a number, found "fast"'],
    ['optimizer.lr=0', 'recipe.yaml: optimizer.lr must be > 0, found 0'],
    [
      'optimizer.momentum=0.9',
      /recipe\.yaml: optimizer\.momentum is not a known key; (known: beta1|did you mean)/,
    ],
    [
      'optimizer.name=adamm',
      'recipe.yaml: optimizer.name must be one of adamw, adam, sgd, lion, adafactor, muon, found "adamm"; did you mean adamw?',
    ],
    ['schedule={steps: 1, epochs: 2}', 'recipe.yaml: schedule needs either steps or epochs'],
    ['seed', 'seed: an override is written key=value, e.g. batch.size=8'],
    ['seed.x=1', 'recipe.yaml: seed must be a number, found {"x":1}'],
  ])('override %s', (override, expected) => {
    if (typeof expected === 'string') expect(problem('', override)).toBe(expected);
    else expect(problem('', override)).toMatch(expected);
  });

  it('tells all problems at once', () => {
    expect(problem('batch: { size: 0 }\nseed: -1')).toBe(
      'recipe.yaml: seed must be >= 0, found -1; batch.size must be >= 1, found 0',
    );
  });

  it('names the line of a YAML error, and what is no mapping', () => {
    expect(() => load('data: [1, 2')).toThrow(/^recipe\.yaml: .* at line 1, column \d+/);
    expect(() => load('just text')).toThrow(/^recipe\.yaml: a recipe is a YAML mapping/);
    expect(() => load('')).toThrow(/^recipe\.yaml: a recipe is a YAML mapping/);
    expect(() => load(`${good}seed: 1\nseed: 2`)).toThrow(/^recipe\.yaml: .*unique/);
  });
});

it('names a file that is missing or no UTF-8', () => {
  expect(() => loadRecipe('/nowhere/r.yaml')).toThrow(
    /^cannot read the recipe \/nowhere\/r\.yaml: no such file/,
  );
  const path = join(mkdtempSync(join(tmpdir(), 'attune-recipe-')), 'latin1.yaml');
  writeFileSync(path, Buffer.from([0x6e, 0x3a, 0xe9]));
  expect(() => loadRecipe(path)).toThrow(/latin1\.yaml: is not UTF-8 text/);
});

it('finds the nearest word, or none', () => {
  expect(nearest('ajapter', ['adapter', 'data'])).toBe('adapter');
  expect(nearest('dtaa', ['adapter', 'data'])).toBe('data');
  expect(nearest('warmup', ['warmup'])).toBe('warmup');
  expect(nearest('quux', ['adapter', 'data'])).toBeUndefined();
});

describe('a recipe that extends another', () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune-extends-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

  it('takes its sections, its own keys over them, each path relative to the file it stands in', () => {
    mkdirSync(join(folder, 'base'));
    write(
      'base/base.yaml',
      'data: { train: { path: x.jsonl } }\nalgorithm: { name: dpo, beta: 0.3 }\noptimizer: { lr: 1, eps: 1e-6 }\nschedule: { steps: 5 }',
    );
    write(
      'own.yaml',
      'extends: base/base.yaml\nalgorithm: grpo\noptimizer: { lr: 2 }\nschedule: { epochs: 1 }',
    );
    const { recipe } = loadRecipe(join(folder, 'own.yaml'), ['seed=4']);
    expect(recipe.data.train.path).toBe(join(folder, 'base/x.jsonl'));
    expect(recipe.algorithm).toEqual({ name: 'grpo' });
    expect(recipe.optimizer).toMatchObject({ name: 'adamw', lr: 2, eps: 1e-6 });
    expect(recipe.schedule).toMatchObject({ epochs: 1 });
    expect(recipe.schedule.steps).toBeUndefined();
    expect(recipe.seed).toBe(4);
  });

  it('in a circle is refused', () => {
    write('a.yaml', 'extends: b.yaml');
    write('b.yaml', 'extends: a.yaml');
    expect(() => loadRecipe(join(folder, 'a.yaml'))).toThrow('recipes extend each other more than 8 deep');
  });
});
