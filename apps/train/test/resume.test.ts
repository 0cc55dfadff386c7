import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, jsonl, killWhen, metricsOf, recipe, sums, train, trainWell, workspace } from './attune.ts';

const at = workspace({ 'data.jsonl': jsonl(sums), 'recipe.yaml': recipe() });
const base = (name: string, ...overrides: string[]) => [
  at('recipe.yaml'),
  '--output',
  at(name),
  ...overrides,
];

/** Every file that must not depend on how often a run was interrupted. */
function expectSame(one: string, other: string): void {
  for (const file of ['metrics.jsonl', 'samples.jsonl', 'model/model.safetensors']) {
    expect(bytesOf(at(one), file), file).toBe(bytesOf(at(other), file));
  }
  const last = (name: string) =>
    readdirSync(at(`${name}/checkpoints`))
      .sort()
      .at(-1)!;
  for (const file of ['optimizer.safetensors', 'average.safetensors']) {
    expect(bytesOf(at(other), `checkpoints/${last(other)}/${file}`), file).toBe(
      bytesOf(at(one), `checkpoints/${last(one)}/${file}`),
    );
  }
}

describe('a run that is killed and resumed ends with the same bits', () => {
  it('ten times at random, with dropout, an average of the weights and evaluations', async () => {
    const settings = [
      'schedule.steps=100',
      'optimizer.ema=0.9',
      'adapter={rank: 2, dropout: 0.1}',
      'data.validation.fraction=0.1',
      'evaluation={every: 10, samples: 1, maxTokens: 4}',
      'checkpoint.every=3',
    ];
    trainWell([...base('whole', ...settings), '--quiet']);
    const moments: string[] = [];
    for (let kill = 0; kill < 10; kill++) {
      const lines = 1 + Math.floor(Math.random() * 8);
      const milliseconds = Math.random() * 20;
      moments.push(`${lines} lines + ${milliseconds.toFixed(1)} ms`);
      const come = (progress: string) => progress.split('\n').length > lines;
      const killed = await killWhen([...base('killed', ...settings), '--resume'], come, milliseconds);
      expect(killed, `the run ended before it was killed, at ${moments.join(', ')}`).toBe(true);
    }
    trainWell([...base('killed', ...settings), '--resume', '--quiet']);
    expect(metricsOf(at('killed')).at(-1)!.step, moments.join(', ')).toBe(100);
    expectSame('whole', 'killed');
  });

  it('in the midst of a rollout that serves several steps', async () => {
    const settings = [
      'algorithm=grpo',
      "rewards=[{name: format, pattern: '[0-9]'}]",
      'rollout={prompts: 2, answers: 4, maxTokens: 16, epochs: 2}',
      'batch.size=4',
      'schedule.steps=12',
      'optimizer.ema=0.5',
    ];
    trainWell([...base('rl', ...settings), '--quiet']);
    // Four steps a rollout: checkpoints are due after every second one, and wait for the rollout's end.
    expect(readdirSync(at('rl/checkpoints'))).toEqual(['step-000008', 'step-000012']);
    const killed = await killWhen(base('rl-killed', ...settings), (progress) => /^step +6\//m.test(progress));
    expect(killed).toBe(true);
    trainWell([...base('rl-killed', ...settings), '--resume', '--quiet']);
    expectSame('rl', 'rl-killed');
  });
});

describe('a kill during a checkpoint write loses that checkpoint only', () => {
  beforeAll(() => {
    trainWell([...base('undisturbed'), '--quiet']);
  });

  it.each(['sync 1', 'sync 4', 'before rename', 'after rename'])('%s', (moment) => {
    const run = moment.replace(' ', '-');
    const { code } = train([...base(run), '--quiet'], { preload: 'die-at.mjs', env: { DIE_AT: moment } });
    expect(code).toBeNull();
    const survivors = readdirSync(at(`${run}/checkpoints`)).filter((name) => !name.startsWith('.'));
    const last = moment === 'after rename' ? 4 : 2;
    expect(survivors).toEqual(['step-000002', 'step-000004'].slice(0, last / 2));
    const resumed = trainWell([...base(run), '--resume']);
    expect(resumed.stderr).toContain(`step ${last} of 6 and on`);
    for (const file of ['metrics.jsonl', 'model/model.safetensors']) {
      expect(bytesOf(at(run), file)).toBe(bytesOf(at('undisturbed'), file));
    }
  });
});
