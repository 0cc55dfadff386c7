import { execFileSync } from 'node:child_process';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { createAlgorithm } from '../../../tooling/create-algorithm/src/index.ts';
import { jsonl, metricsOf, recipe, sums, train, trainWell, workspace } from './attune.ts';

const tooling = (path: string) =>
  fileURLToPath(new URL(`../../../tooling/create-algorithm/${path}`, import.meta.url));
const pairs = sums.map(({ prompt, completion }) => ({
  prompt,
  chosen: completion,
  rejected: 'I do not know',
}));
/** A user's project: a recipe, data, and what `npm install` would bring. */
const at = workspace({
  'data.jsonl': jsonl(pairs),
  'prompts.jsonl': jsonl(sums),
  'recipe.yaml': recipe("algorithm: { name: '@acme/margin-loss', gamma: 0.5 }"),
});

beforeAll(() => {
  for (const name of [
    '@attune/algorithms',
    '@attune/backend-onnx',
    '@tensorflow/tfjs-core',
    '@types/node',
    'typescript',
    'zod',
  ]) {
    mkdirSync(dirname(at(`node_modules/${name}`)), { recursive: true });
    symlinkSync(realpathSync(tooling(`node_modules/${name}`)), at(`node_modules/${name}`));
  }
});

it('trains with a scaffolded package that the recipe names', () => {
  const folder = createAlgorithm({ name: '@acme/margin-loss', folder: at('node_modules/@acme/margin-loss') });
  execFileSync(process.execPath, [tooling('node_modules/typescript/bin/tsc'), '-p', folder], {
    stdio: 'inherit',
  });
  trainWell([at('recipe.yaml'), '--output', at('run'), '--quiet', 'schedule.steps=20']);
  const lines = metricsOf(at('run'));
  expect(lines.at(-1)!.loss).toBeLessThan(lines[0]!.loss!);
  expect(lines.at(-1)).toHaveProperty('rewards/accuracy');

  const { code, stderr } = train([at('recipe.yaml'), '--output', at('run-2'), 'algorithm.gama=1']);
  expect(code).toBe(1);
  expect(stderr).toBe(
    'attune: recipe.yaml: algorithm.gama is not a known key; did you mean algorithm.gamma?\n',
  );
});

it('finds the log-probabilities that sampling recorded equal to those that training computes', () => {
  // GRPO that also reports how far they are apart, at any token.
  writeFileSync(
    at('measured-grpo.mjs'),
    `import { grpo } from '@attune/algorithms';
     import * as tf from '@tensorflow/tfjs-core';
     const loss = (batch, options) => {
       const { loss, metrics } = grpo.loss(batch, options);
       const gap = tf.max(tf.abs(tf.mul(tf.sub(batch.logProbs, batch.oldLogProbs), batch.mask)));
       return { loss, metrics: { ...metrics, gap, sampled: tf.neg(tf.min(batch.oldLogProbs)) } };
     };
     export default { ...grpo, name: 'measured-grpo', loss };`,
  );
  trainWell([
    at('recipe.yaml'),
    '--output',
    at('rollouts'),
    '--quiet',
    `data.train.path=${at('prompts.jsonl')}`,
    'algorithm={name: ./measured-grpo.mjs}',
    "rewards=[{name: format, pattern: '[0-9]'}]",
    'rollout={prompts: 4, answers: 4, maxTokens: 40, temperature: 0.8}',
    'batch={size: 16, micro: 16}',
    'adapter={rank: 4}',
    'schedule.steps=5',
  ]);
  const lines = metricsOf(at('rollouts'));
  expect(lines).toHaveLength(5);
  for (const { gap, sampled } of lines) {
    expect(sampled).toBeGreaterThan(1);
    expect(gap).toBeLessThan(1e-5);
  }
});
