import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesOf, jsonl, killWhen, metricsOf, recipe, sums, train, trainWell, workspace } from './attune.ts';

const pairs = sums.map(({ prompt, completion, answer }) => ({
  prompt,
  chosen: completion,
  rejected: `${Number(answer) + 1}`,
}));
const at = workspace({
  'data.jsonl': jsonl(sums),
  'pairs.jsonl': jsonl(pairs),
  'recipe.yaml': recipe(),
  'rl.yaml': recipe(`
rewards: [{ name: format, pattern: '[0-9]' }]
rollout: { prompts: 2, answers: 4, maxTokens: 12, epochs: 2 }
`).replace('batch: { size: 8 }', 'batch: { size: 4 }'),
  'stages.yaml': `
seed: 5
tokenizer: { train: characters }
data: { train: { path: data.jsonl }, template: none }
optimizer: { lr: 5e-3 }
batch: { size: 8 }
evaluation: { every: 0 }
checkpoint: { every: 2 }
rewards: [{ name: format, pattern: '[0-9]' }]
rollout: { prompts: 2, answers: 4, maxTokens: 12 }
stages:
  - name: cold-start
    model: { layers: 1, heads: 2, width: 16, context: 64 }
    schedule: { steps: 4 }
  - name: rl
    algorithm: grpo
    schedule: { steps: 6 }
  - name: rejection
    model: stage:cold-start
    rounds: { model: 'stage:rl', select: all }
    schedule: { steps: 2 }
`,
  // Guess the number: the environment tells higher or lower, at most three times.
  'guessing.mjs': `
export default ({ answer }) => {
  let turns = 0;
  return {
    step(text) {
      const found = text.match(/[0-9]+/)?.[0];
      if (found === undefined) return { done: true, reward: 0 };
      if (found === answer || ++turns === 2) return { done: true, reward: found === answer ? 1 : 0.5 };
      return { text: Number(found) < Number(answer) ? 'higher ' : 'lower ', reward: 0.1 };
    },
  };
};`,
});
const base = (file: string, name: string, ...words: string[]) => [at(file), '--output', at(name), ...words];

function expectSame(one: string, other: string, files: string[]): void {
  for (const file of files) expect(bytesOf(at(other), file), file).toBe(bytesOf(at(one), file));
}

describe('a run that is killed and resumed ends with the same bits', () => {
  const killed = async (file: string, name: string, words: string[], when: RegExp) => {
    trainWell(base(file, name, ...words, '--quiet'));
    expect(await killWhen(base(file, `${name}-killed`, ...words), (progress) => when.test(progress))).toBe(
      true,
    );
    trainWell(base(file, `${name}-killed`, ...words, '--resume', '--quiet'));
  };

  it('PPO, with its critic and the state of its KL controller', async () => {
    const words = [
      'algorithm={name: ppo, klCoefficient: 0.1, klController: adaptive, klTarget: 0.01}',
      'schedule.steps=12',
    ];
    await killed('rl.yaml', 'ppo', words, /^step +6\//m);
    const last = 'checkpoints/step-000012';
    expect(readdirSync(at(`ppo/${last}/critic`)).sort()).toEqual([
      'config.json',
      'model.safetensors',
      'optimizer.safetensors',
    ]);
    const critic = ['model.safetensors', 'optimizer.safetensors'].map((file) => `${last}/critic/${file}`);
    expectSame('ppo', 'ppo-killed', ['metrics.jsonl', 'model/model.safetensors', ...critic]);
    const coefficients = metricsOf(at('ppo')).flatMap((line) => line['kl/coefficient'] ?? []);
    expect(new Set(coefficients).size).toBeGreaterThan(1);
  });

  it('partial rollouts, with answers on their way', async () => {
    const words = [
      'algorithm=grpo',
      'rollout={prompts: 2, answers: 4, maxTokens: 24, epochs: 1, partial: { segment: 4, extra: 1 }}',
      'schedule.steps=12',
    ];
    await killed('rl.yaml', 'partial', words, /^step +6\//m);
    expectSame('partial', 'partial-killed', ['metrics.jsonl', 'samples.jsonl', 'model/model.safetensors']);
    const lines = metricsOf(at('partial')).filter((line) => 'staleness' in line);
    expect(Math.max(...lines.map((line) => line['staleness/max']!))).toBeGreaterThan(0);
    expect(Math.max(...lines.map((line) => line['staleness/max']!))).toBeLessThanOrEqual(8);
  });

  it('a reference that follows the policy', async () => {
    const words = [
      'algorithm={name: dpo, referenceSync: { steps: 2, mixup: 0.5 }}',
      `data.train.path=${at('pairs.jsonl')}`,
      'schedule.steps=8',
    ];
    await killed('recipe.yaml', 'follow', words, /^step +5\//m);
    expectSame('follow', 'follow-killed', [
      'metrics.jsonl',
      'model/model.safetensors',
      'checkpoints/step-000008/reference.safetensors',
    ]);
  });

  it('stages: in the midst of the second', async () => {
    await killed('stages.yaml', 'staged', [], /rl:[\s\S]*^step +5\//m);
    expectSame('staged', 'staged-killed', [
      'model/model.safetensors',
      ...['cold-start', 'rl', 'rejection'].flatMap((stage) => [
        `${stage}/metrics.jsonl`,
        `${stage}/model/model.safetensors`,
      ]),
    ]);
    expect(readFileSync(at('staged/report.html'), 'utf8')).toContain('rejection');
  });
});

it('UPO pairs the answers of its own rollouts, and of data', () => {
  const online = ['algorithm={name: upo, klCoefficient: 0}', 'schedule.steps=6'];
  trainWell(base('rl.yaml', 'upo', ...online, '--quiet'));
  const lines = metricsOf(at('upo'));
  expect(lines.some((line) => line['preference/loss']! > 0)).toBe(true);
  expect(Math.max(...lines.flatMap((line) => line.pairs ?? []))).toBeGreaterThan(0);
  // The first step starts from the reference itself: a pair costs log 2, no pair nothing.
  expect([0, Math.log(2)].some((cost) => Math.abs(lines[0]!['preference/loss']! - cost) < 1e-4)).toBe(true);
  const offline = [
    'algorithm={name: upo, preferences: offline, klCoefficient: 0}',
    `data.pairwise.path=${at('pairs.jsonl')}`,
    'schedule.steps=2',
  ];
  trainWell(base('rl.yaml', 'upo-offline', ...offline, '--quiet'));
  expect(metricsOf(at('upo-offline'))[0]!['preference/loss']).toBeCloseTo(Math.log(2), 4);
});

it('answers in several turns learn from what an environment says', () => {
  const words = [
    'algorithm=grpo',
    `rollout={prompts: 2, answers: 4, maxTokens: 40, turns: 3, turnTokens: 6, environment: '${at('guessing.mjs')}'}`,
    'schedule.steps=2',
    'batch.size=8',
  ];
  trainWell(base('recipe.yaml', 'turns', ...words, '--quiet'));
  const [line] = metricsOf(at('turns'));
  expect(line!['reward/environment']).toBe(line!.reward);
  expect(readFileSync(at('turns/samples.jsonl'), 'utf8')).toMatch(/higher |lower /);
});

describe('stages are refused', () => {
  const problem = (...words: string[]) => {
    const { code, stderr } = train(base('stages.yaml', 'refused', ...words, '--quiet'));
    expect(code).toBe(1);
    return stderr;
  };

  it('with a name that no stage has', () => {
    expect(problem('stages.rll.schedule.steps=5')).toBe(
      'attune: stages.yaml: there is no stage rll; did you mean rl?\n',
    );
  });

  it('with a wrong key', () => {
    expect(problem('stages.rl.schedule.stepz=5')).toMatch(
      /^attune: stages\.yaml: stages\.rl: schedule\.stepz is not a known key; did you mean schedule\.steps\?/,
    );
  });

  it('with a model of a later stage', () => {
    expect(problem('stages.rl.model.path=stage:rejection')).toMatch(
      /stages\.rl names stage:rejection, which is no stage before it \(cold-start\)/,
    );
  });
});
