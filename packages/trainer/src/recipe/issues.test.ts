import { algorithms } from '@attune/algorithms';
import { expect, test } from 'vitest';
import { describeIssues } from './issues.ts';

/** What a recipe is told of DPO's options. */
function problems(options: object): string[] {
  const schema = algorithms.dpo!.options;
  const parsed = schema.safeParse(options);
  return parsed.success ? [] : describeIssues(parsed.error, schema, options, ['algorithm']);
}

test.each<[object, RegExp]>([
  [{ variant: 'exo_pair' }, /^algorithm\.variant must be one of sigmoid, .*; did you mean exo-pair\?$/],
  [{ variant: 3 }, /^algorithm\.variant must be one of sigmoid, .*, found 3$/],
  [
    { variant: { sigmod: 1 } },
    /^algorithm\.variant\.sigmod is not a known key; did you mean algorithm\.variant\.sigmoid\?$/,
  ],
  [{ variant: { sigmoid: -1 } }, /^algorithm\.variant\.sigmoid must be > 0, found -1$/],
  [{ variant: {} }, /^algorithm\.variant: at least one loss with its weight$/],
  [
    { referenceSync: { step: 3 } },
    /^algorithm\.referenceSync\.step is not .*; did you mean algorithm\.referenceSync\.steps\?$/,
  ],
])('%o', (options, message) => {
  expect(problems(options)).toEqual([expect.stringMatching(message)]);
});
