import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bytesOf, jsonl, recipe, sums, train, trainWell, workspace } from './attune.ts';

const rows = jsonl(sums);
const at = workspace({
  'recipe.yaml': recipe(),
  'data.jsonl': rows,
  'empty.jsonl': '',
  'truncated.jsonl': `${rows.slice(0, rows.indexOf('\n') + 1)}${rows.slice(0, 20)}`,
  'truncated.jsonl.gz': gzipSync(rows.repeat(50)).subarray(0, 200),
  'latin1.jsonl': Buffer.concat([
    Buffer.from('{"prompt": "caf'),
    Buffer.from([0xe9]),
    Buffer.from('", "completion": "x"}\n'),
  ]),
  'columns.jsonl': jsonl([{ input: 'a', target: 'b' }]),
  'half.jsonl': jsonl([sums[0]!, { prompt: 'no completion' }]),
  'types.jsonl': jsonl([{ prompt: 'a', completion: 3 }]),
  'data.xyz': rows,
  file: 'in the way',
  'bad.yaml':
    'model: { layers: two }\nbatch: { size: 0 }\ndata: [1]\noptimizer: { lr: -1 }\nschedule: { steps: 1.5 }\n',
  'tokenizer.json': '{"version": "1.0"',
});
mkdirSync(at('unknown-model'));
writeFileSync(at('unknown-model/config.json'), JSON.stringify({ model_type: 'gpt9', vocab_size: 3 }));
mkdirSync(at('no-model'));

/** The one line that a failing run leaves, the exit code checked. */
function refusal(args: string[], settings = {}): string {
  const { code, stderr } = train(args, settings);
  expect(code, stderr).toBe(1);
  const lines = stderr.trimEnd().split('\n');
  const last = lines.at(-1)!;
  expect(last).toMatch(/^attune: /);
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
  return last.slice('attune: '.length);
}

let runs = 0;
const fresh = () => at(`run-${++runs}`);
const withData = (name: string) => [
  at('recipe.yaml'),
  '--quiet',
  '--output',
  fresh(),
  `data.train.path=${at(name)}`,
];

describe('bad data is refused in one line that names it', () => {
  it.each([
    ['missing.jsonl', /missing\.jsonl.*(no such file|not found|ENOENT)/i],
    ['empty.jsonl', /empty\.jsonl.*(empty|no rows)/],
    ['truncated.jsonl', /truncated\.jsonl:2/],
    ['truncated.jsonl.gz', /truncated\.jsonl\.gz.*(cut off|unexpected end|truncated)/i],
    ['latin1.jsonl', /latin1\.jsonl.*UTF-8/],
    ['columns.jsonl', /columns\.jsonl: no known format has the columns input, target/],
    ['half.jsonl', /half\.jsonl row 2: completion must be .*data\.invalid=skip/],
    ['types.jsonl', /types\.jsonl row 1: completion must be .*found 3/],
    ['data.xyz', /data\.xyz: unknown file type/],
  ])('%s', (name, message) => {
    expect(refusal(withData(name))).toMatch(message);
  });
});

describe('a bad recipe, model or tokenizer is refused in one line that names it', () => {
  it('tells every wrong value of a recipe at once', () => {
    const message = refusal([at('bad.yaml')]);
    expect(message).toMatch(/^bad\.yaml: model\.layers must be a number, found "two"; /);
    expect(message).toContain('data must be a section with keys of its own, found [1]');
    expect(message).toContain('optimizer.lr must be > 0, found -1');
    expect(message).toContain('batch.size must be >= 1, found 0');
  });
  it.each([
    [
      'an option out of range',
      ['recipe.yaml', 'algorithm={name: dpo, beta: -0.1}'],
      /^recipe\.yaml: algorithm\.beta must be > 0, found -0\.1$/,
    ],
    ['an unknown algorithm', ['recipe.yaml', 'algorithm=ppo2'], /algorithm 'ppo2' is neither built in/],
    [
      'an adapter that is missing',
      ['recipe.yaml', 'algorithm=paft'],
      /^recipe\.yaml: paft trains an adapter; name one, e\.g\. adapter: \{ rank: 8 \}$/,
    ],
    ['data of another kind', ['recipe.yaml', 'algorithm=dpo'], /data\.jsonl row 1: .*needs preferences/],
    [
      'an unknown model type',
      ['recipe.yaml', 'model={path: unknown-model}'],
      /unknown-model.*model_type.*gpt9/,
    ],
    [
      'a folder without model',
      ['recipe.yaml', 'model={path: no-model}'],
      /no-model.*(no config\.json|tokenizer)/,
    ],
    [
      'a broken tokenizer',
      ['recipe.yaml', 'tokenizer.path=tokenizer.json'],
      /tokenizer\.json: is not a tokenizer\.json/,
    ],
  ])('%s', (_, [name, ...overrides], message) => {
    const absolute = overrides.map((word) =>
      word.replace(/(path[=:] ?)([\w.-]+)/, (_all, key, file) => `${key}${at(file)}`),
    );
    expect(refusal([at(name!), '--quiet', '--output', fresh(), ...absolute])).toMatch(message);
  });
});

describe('a place that cannot be written', () => {
  it('an output folder that is a file', () => {
    expect(refusal([at('recipe.yaml'), '--output', at('file/run')])).toMatch(
      /file\/run: a part of the path is a file/,
    );
  });

  it('a run that is there already', () => {
    trainWell([at('recipe.yaml'), '--quiet', '--output', at('there')]);
    const before = bytesOf(at('there'), 'metrics.jsonl');
    expect(refusal([at('recipe.yaml'), '--output', at('there')])).toMatch(
      /already holds a run: continue it with --resume/,
    );
    expect(refusal([at('recipe.yaml'), '--output', at('there'), '--resume', 'seed=9'])).toMatch(
      /seed was 5 and is now 9/,
    );
    expect(bytesOf(at('there'), 'metrics.jsonl')).toBe(before);
  });

  it('a full disk: earlier checkpoints stay, and the run goes on from them once there is room', () => {
    const args = [at('recipe.yaml'), '--quiet', '--output', at('full')];
    expect(refusal(args, { preload: 'disk-full.mjs' })).toMatch(
      /cannot write checkpoint .*step-000004: no space left on the disk \(ENOSPC\)\. Earlier checkpoints are intact/,
    );
    expect(readdirSync(at('full/checkpoints'))).toEqual(['step-000002']);
    const resumed = trainWell([...args.filter((arg) => arg !== '--quiet'), '--resume']);
    expect(resumed.stderr).toContain('step 2 of 6 and on');
    expect(bytesOf(at('full'), 'model/model.safetensors')).toBe(
      bytesOf(at('there'), 'model/model.safetensors'),
    );
  });
});

describe('a corrupt checkpoint', () => {
  it('is skipped and named, and the run goes on from the one before, to the same bits', () => {
    cpSync(at('there'), at('corrupt'), { recursive: true });
    const weights = at('corrupt/checkpoints/step-000006/model.safetensors');
    const bytes = readFileSync(weights);
    bytes[bytes.length - 7]! ^= 1;
    writeFileSync(weights, bytes);
    rmSync(at('corrupt/model'), { recursive: true });
    const { stderr } = trainWell([at('recipe.yaml'), '--output', at('corrupt'), '--resume']);
    expect(stderr).toMatch(
      /skipping a corrupt checkpoint: .*step-000006\/model\.safetensors does not match its checksum/,
    );
    expect(stderr).toContain('step 4 of 6 and on');
    for (const file of ['metrics.jsonl', 'model/model.safetensors']) {
      expect(bytesOf(at('corrupt'), file)).toBe(bytesOf(at('there'), file));
    }
  });
});
