import { describe, expect, test } from 'vitest';
import { syntheticClips } from '../manifest/synthetic.ts';
import { planConcatenation } from './concatenation-plan.ts';
import type { ConcatenationOptions } from './options.ts';
import { parseTimedText, type TimedSegment, timedText } from './timed-text.ts';

const COUNT = 4000;
const clips = syntheticClips(COUNT, 4, 5);
const speaker = Uint32Array.from({ length: COUNT }, (_, i) => (i % 50 === 0 ? 0 : 1 + Math.floor(i / 200)));
const all = { ...clips, speaker };
const examplesOf = (
  columns: Parameters<typeof planConcatenation>[0],
  options?: ConcatenationOptions,
  seed = {},
) => {
  const plan = planConcatenation(columns, options, seed);
  return Array.from({ length: plan.length }, (_, i) => plan.at(i));
};

describe.each<[string, ConcatenationOptions]>([
  ['knapsack', {}],
  ['knapsack with gaps', { gap: 0.3, maximum: 20, overlong: 'skip' }],
  ['balanced', { strategy: 'balanced' }],
  ['balanced with gaps and padding', { strategy: 'balanced', gap: 0.1, randomPadding: 0.5 }],
  ['across speakers', { across: { speakers: true } }],
  ['across everything', { across: { speakers: true, languages: true } }],
  ['overlong alone', { maximum: 8, overlong: 'alone', randomPadding: 1 }],
])('%s', (_, options) => {
  const examples = examplesOf(all, options);
  const maximum = (options.maximum ?? 30) * 1000;
  const gap = (options.gap ?? 0) * 1000;

  test('each clip comes once, those that are skipped not', () => {
    const used = examples.flatMap((example) => example.clips).toSorted((a, b) => a - b);
    const kept = [...clips.duration.keys()].filter(
      (i) => options.overlong !== 'skip' || clips.duration[i]! <= maximum,
    );
    expect(used).toEqual(kept);
    expect(planConcatenation(all, options).summary().skipped).toBe(COUNT - kept.length);
  });

  test('clips follow each other with the gap between them, within the maximum', () => {
    for (const { clips: own, starts, length } of examples) {
      own.forEach((clip, i) => {
        const end = starts[i]! + clips.duration[clip]!;
        if (i + 1 < own.length) expect(starts[i + 1]).toBe(end + gap);
        else if (!options.randomPadding) expect(length).toBe(end);
        else expect(length).toBeGreaterThanOrEqual(end);
      });
      if (!options.randomPadding) expect(starts[0]).toBe(0);
      if (own.length > 1) expect(length).toBeLessThanOrEqual(maximum);
    }
  });

  test('nothing is mixed that is to be kept apart', () => {
    for (const { clips: own } of examples) {
      const first = own[0]!;
      for (const clip of own.slice(1)) {
        if (!options.across?.languages) {
          expect(clips.language[clip]).toBe(clips.language[first]);
          expect(clips.region[clip]).toBe(clips.region[first]);
        }
        if (!options.across?.speakers) {
          expect(speaker[clip]).toBe(speaker[first]);
          // Two clips without a speaker may be of two.
          expect(speaker[clip]).not.toBe(0);
        }
      }
    }
  });

  test('the seed decides, and each epoch has its own plan', () => {
    expect(examplesOf(all, options)).toEqual(examples);
    expect(examplesOf(all, options, { seed: 1 })).not.toEqual(examples);
    expect(examplesOf(all, options, { epoch: 1 })).not.toEqual(examples);
  });
});

test('knapsack fills nearly every example to 25 to 30 s', () => {
  const { filled, meanExample, hours, meanClip } = planConcatenation(clips).summary();
  expect(filled).toBeGreaterThan(0.95);
  expect(meanExample).toBeGreaterThan(29);
  expect(meanClip).toBeCloseTo(4.7, 0);
  expect(hours).toBeCloseTo((meanClip * COUNT) / 3600, 6);
});

test('balanced has as many examples in every bucket of 5 s', () => {
  const { perBucket } = planConcatenation(clips, { strategy: 'balanced' }).summary();
  expect(perBucket.length).toBe(6);
  expect(Math.max(...perBucket) / Math.min(...perBucket)).toBeLessThan(1.1);
});

test('random padding lies before and behind, in the share of examples that was asked for', () => {
  const examples = examplesOf(clips, { strategy: 'balanced', randomPadding: 0.5 });
  const padded = examples.filter(({ clips: own, starts, length }) => {
    const end = starts.at(-1)! + clips.duration[own.at(-1)!]!;
    return starts[0]! > 0 || length > end;
  });
  expect(padded.length / examples.length).toBeGreaterThan(0.45);
  expect(padded.length / examples.length).toBeLessThan(0.55);
  expect(padded.filter(({ starts }) => starts[0]! > 100).length / padded.length).toBeGreaterThan(0.6);
});

test('the Arrow table holds what the examples are', async () => {
  const plan = planConcatenation(clips, { gap: 0.2, randomPadding: 0.3 });
  const table = await plan.toArrow();
  expect(table.schema.fields.map(({ name, type }) => `${name}: ${type}`)).toEqual([
    'clips: List<Uint32>',
    'starts: List<Uint32>',
    'length: Uint32',
  ]);
  for (const i of [0, 1, plan.length - 1]) {
    const row = table.get(i)!;
    expect({ clips: [...row.clips], starts: [...row.starts], length: row.length }).toEqual(plan.at(i));
  }
});

test('bad input is named', () => {
  const duration = Uint32Array.of(5000, 31_000);
  expect(() => planConcatenation({ duration })).toThrow(
    "concatenation: clip 1 has 31 s, more than the maximum of 30 s; cut it (segmentSpeech), raise maximum, or set overlong to 'skip' or 'alone'",
  );
  expect(() => planConcatenation({ duration: Uint32Array.of(5, 0) })).toThrow('clip 1 has no length');
  expect(() => planConcatenation({ duration, language: [1] })).toThrow(
    'language must have 2 values like duration, found 1',
  );
  expect(() => planConcatenation({ duration }, { gap: -1 })).toThrow(
    'concatenation: gap must be in [0, 30), found -1',
  );
  expect(() => planConcatenation({ duration }, { minimum: 40 })).toThrow(
    'minimum must be in [0, 30], found 40',
  );
  expect(() => planConcatenation({ duration }, { strategy: 'x' as never })).toThrow(
    'knapsack or balanced, found x',
  );
  expect(() => planConcatenation({ duration: Uint32Array.of(1) }).at(1)).toThrow('[0, 1), found 1');
});

describe('timed text', () => {
  const segments: TimedSegment[] = [
    { text: '你好', start: 0, end: 1.513, language: 'zh', region: 'CN' },
    { text: '再见', start: 1.72, end: 3, language: 'zh', region: 'CN' },
  ];

  test('language, region, task and times as tokens', () => {
    expect(timedText(segments)).toBe('<zh><CN><asr><0.00>你好<1.52><1.72>再见<3.00>');
    expect(timedText(segments, { timestamps: false })).toBe('<zh><CN><asr><notimestamp>你好再见');
    const english = segments.map((each) => ({ ...each, text: 'good day', language: 'en', region: 'US' }));
    expect(timedText(english, { timestamps: false })).toBe('<en><US><asr><notimestamp>good day good day');
    expect(timedText([segments[0]!, { ...segments[1]!, language: 'ru', region: 'BY' }])).toBe(
      '<zh><CN><asr><0.00>你好<1.52><ru><BY><1.72>再见<3.00>',
    );
  });

  test('is read back', () => {
    const mixed = [segments[0]!, { ...segments[1]!, language: 'ru', region: 'BY' }];
    expect(parseTimedText(timedText(mixed))).toEqual([{ ...mixed[0], end: 1.52 }, mixed[1]]);
    expect(() => parseTimedText('<zh><CN><asr><1.00>a<0.50>')).toThrow(
      'times must ascend, found 1.00 to 0.50',
    );
    expect(() => parseTimedText('<zh><CN><asr>words')).toThrow(
      "expected <start>text<end> at character 13, found 'words'",
    );
  });
});
