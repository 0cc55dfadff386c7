import { rewards } from '@attune/rewards';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { reward } from './recipe/rewards.ts';
import { type AnswerToScore, createScoring } from './rewards.ts';

const answer = (text: string, row: object): AnswerToScore => ({
  text,
  row: { ...row },
  ids: [1, 2, 3, 4],
  answerIds: [3, 4],
  finished: true,
});

test('recipes can name every built-in reward, and reward models', () => {
  const names = reward.options.map((option) => option.shape.name.value);
  expect(new Set(names)).toEqual(new Set([...Object.keys(rewards), 'model']));
});

test('rewards of a recipe get their options, the tokens and what weighs them', async () => {
  const specs = z.array(reward).parse([
    { name: 'math', place: 'boxed', missing: -1 },
    { name: 'math', label: 'anywhere', clip: [0, 0.5], weight: 4 },
    { name: 'cosine-length', correctness: 'math', maxLength: 2 },
    { name: 'soft-overlong', maxLength: 2, buffer: 2 },
    { name: 'repetition', n: 1 },
    { name: 'language', language: 'en' },
    { name: 'regex', pattern: '7' },
  ]);
  const { total, parts, failures } = await createScoring(specs)!([answer('so \\(7\\)', { answer: '14/2' })]);
  expect(failures).toEqual([]);
  expect(Object.fromEntries(Object.entries(parts).map(([name, values]) => [name, values[0]]))).toEqual({
    math: -1,
    anywhere: 1,
    'cosine-length': 1,
    'soft-overlong': -1,
    repetition: 0,
    language: 1,
    regex: 1,
  });
  expect(total[0]).toBe(-1 + 2 + 1 - 1 + 0 + 1 + 1);
});

test('a reward that fails is reported; a fallback may stand in', async () => {
  const score = (more: object) => createScoring(z.array(reward).parse([{ name: 'math', ...more }]))!;
  const rows = [answer('7', { answer: 7 }), answer('7', {})];
  const { scored, failures } = await score({})(rows);
  expect([...scored]).toEqual([1, 0]);
  expect(failures[0]).toMatchObject({ reward: 'math', index: 1, kind: 'threw' });
  const { total, scored: all, parts } = await score({ fallback: -2 })(rows);
  expect([...parts['math/failed']!]).toEqual([0, 1]);
  expect([[...total], [...all]]).toEqual([
    [1, -2],
    [1, 1],
  ]);
});

test('the first failure of each kind is told, the others are only counted', async () => {
  const notices: string[] = [];
  const specs = z.array(reward).parse([{ name: 'math' }]);
  const score = createScoring(specs, [], (notice) => notices.push(notice))!;
  const { failures } = await score([answer('7', {}), answer('8', {})]);
  expect(failures).toHaveLength(2);
  await score([answer('7', {})]);
  expect(notices).toEqual([
    'reward math could not score an answer (threw): reward: column answer must hold a string or number, found nothing',
  ]);
});

test('a key is named, not written: a recipe whose variable is empty is refused', () => {
  const spec = {
    name: 'judge',
    baseUrl: 'http://localhost:1/v1',
    model: 'm',
    apiKeyEnv: 'ATTUNE_NO_SUCH_KEY',
  };
  expect(() => createScoring(z.array(reward).parse([spec]))).toThrow(
    'judge m: the environment variable ATTUNE_NO_SUCH_KEY holds no key',
  );
});
