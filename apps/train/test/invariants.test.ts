import { describe, expect, it } from 'vitest';
import { bytesOf, jsonl, metricsOf, recipe, sums, trainWell, weightGap, workspace } from './attune.ts';

/** Preferences of unequal lengths: the sum worked out right, and wrong. */
const pairs = sums.map(({ prompt, completion, answer }) => ({
  prompt,
  chosen: completion,
  rejected: `${Number(answer) + 1}`,
}));
const at = workspace({ 'data.jsonl': jsonl(sums), 'pairs.jsonl': jsonl(pairs), 'recipe.yaml': recipe() });
const run = (name: string, ...overrides: string[]) => {
  trainWell([at('recipe.yaml'), '--output', at(name), '--quiet', ...overrides]);
  return at(name);
};
/** A reward that an untrained model earns now and then: a digit in the answer. */
const digits = "rewards=[{name: format, pattern: '[0-9]'}]";
const relative = (a: number, b: number) => Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), 1e-3);

describe('gradient accumulation is exact', () => {
  it.each([
    ['sft', 'algorithm=sft'],
    ['dpo', 'algorithm=dpo', `data.train.path=${at('pairs.jsonl')}`],
    // One step: later rollouts would be sampled from weights that differ in their last bits.
    [
      'grpo',
      'algorithm={name: grpo, beta: 0.1}',
      digits,
      'schedule.steps=1',
      'rollout={prompts: 2, answers: 4, maxTokens: 24}',
    ],
  ])('8 micro-batches of 1 equal 1 of 8, with unequal lengths: %s', (name, ...overrides) => {
    // SGD: the weights then show the gradients themselves.
    const all = ['optimizer={name: sgd, lr: 0.5, clipNorm: 1}', ...overrides];
    const whole = run(`${name}-1x8`, ...all);
    const parts = run(`${name}-8x1`, ...all, 'batch.micro=1');
    metricsOf(whole).forEach((line, i) => {
      for (const [key, value] of Object.entries(line)) {
        expect(relative(value, metricsOf(parts)[i]![key]!), `${key} at step ${line.step}`).toBeLessThan(2e-4);
      }
    });
    expect(weightGap(whole, parts)).toBeLessThan(2e-6);
    expect(metricsOf(whole)[0]!['grad-norm']).toBeGreaterThan(1e-3);
  });
});

describe("padding and batch composition change no sample's loss", () => {
  // What the held-out loss is an average of: every character of the answer, and the end-of-text token.
  const targets = ({ completion }: (typeof sums)[0]) => completion.length + 1;
  const bySize = [...sums].sort((a, b) => targets(a) - targets(b));
  const rows = [bySize[0]!, bySize.at(-1)!];
  const losses = (name: string, rows: object[], ...overrides: string[]) => {
    const held = workspace({ 'held.jsonl': jsonl(rows) });
    const evaluate = [
      'evaluation={every: 1, samples: 0}',
      `data.validation.path=${held('held.jsonl')}`,
      'schedule.steps=1',
    ];
    return metricsOf(run(name, ...evaluate, ...overrides)).flatMap((line) => line['validation/loss'] ?? []);
  };

  it('alone, beside a longer one, in a packed row', () => {
    const alone = rows.map((row, i) => losses(`alone-${i}`, [row]));
    const together = losses('together', rows);
    const packed = losses('packed', rows, 'batch.packing=true');
    const [a, b] = rows.map(targets);
    const mean = (step: number) => (alone[0]![step]! * a! + alone[1]![step]! * b!) / (a! + b!);
    expect(b! / a!).toBeGreaterThan(2);
    expect(relative(alone[0]![0]!, alone[1]![0]!)).toBeGreaterThan(1e-4);
    for (const step of [0, 1]) expect(relative(together[step]!, mean(step))).toBeLessThan(1e-6);
    // Training rows are packed too, so only the loss before the first step can be compared.
    expect(relative(packed[0]!, mean(0))).toBeLessThan(1e-6);
  });
});

describe('the same seed gives the same bits', () => {
  it.each([
    ['sft with dropout', 'adapter={rank: 2, dropout: 0.2}', 'optimizer.ema=0.9'],
    ['grpo', 'algorithm=grpo', digits, 'rollout={prompts: 2, answers: 4, maxTokens: 24, epochs: 2}'],
  ])('%s', (name, ...overrides) => {
    const [first, second] = [1, 2].map((i) => run(`${name} ${i}`, ...overrides));
    const other = run(`${name} other seed`, ...overrides, 'seed=6');
    for (const file of [
      'metrics.jsonl',
      'samples.jsonl',
      'model/model.safetensors',
      'model/tokenizer.json',
    ]) {
      expect(bytesOf(second!, file), file).toBe(bytesOf(first!, file));
    }
    expect(bytesOf(other, 'metrics.jsonl')).not.toBe(bytesOf(first!, 'metrics.jsonl'));
  });
});
