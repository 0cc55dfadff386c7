import { expect, it } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { seededRandom } from '../seeded-random.ts';
import { AlignedText } from '../text/aligned-text.ts';
import type { ComponentJson, TokenizerJson } from '../tokenizer-json.ts';
import { createNormalizer } from './normalizer.ts';
import { sparingly } from './sparingly.ts';

const { texts, cases } = readFixture<{
  texts: string[];
  cases: { name: string; tokenizer: TokenizerJson }[];
}>('components.json.gz');
const random = seededRandom(5);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
const alphabet = [
  ...'abA1 ,\n\r\t\u0000\u007fé\u0301\u0327ﬁｶﾞ１가\u1100\u1161\u11a8\u0600\u200d\ufe0f👍🏽日ſ\u00a0\u3000',
];
const randomTexts = Array.from({ length: 1000 }, () =>
  Array.from({ length: Math.floor(random() * 12) }, () => pick(alphabet)).join(''),
);
const normalizers = cases.flatMap(({ name, tokenizer }) =>
  tokenizer.normalizer ? [[name, tokenizer.normalizer] as [string, ComponentJson]] : [],
);

it.each(normalizers)('%s changes a text as the whole normalizer does', (_, json) => {
  const slow = createNormalizer(json);
  const whole = (text: string) => slow(new AlignedText(text)).text;
  const fast = sparingly(json, whole);
  for (const text of [...texts, ...randomTexts]) expect(fast(text)).toBe(whole(text));
});
