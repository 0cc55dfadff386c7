import type { AnyAlgorithm } from '../definition.ts';
import type { AnswerSource, JudgedAnswers, RoundExamples, Rounds } from '../rounds.ts';
import type { ContractCheck } from './contract.ts';

/** What the rounds of every algorithm that has them must hold to. */
export function roundsChecks(algorithm: AnyAlgorithm, options: unknown): ContractCheck[] {
  const rounds = (algorithm.rounds as (options: unknown) => Rounds)(options);
  const from = rounds.answers.flatMap(({ from, count }) => Array<AnswerSource>(count).fill(from));
  const scores = Float32Array.from(from, (_, i) => ((7 * i) % 5) - 2);
  const preferences = Float32Array.from({ length: from.length ** 2 }, (_, at) => {
    const [i, j] = [Math.floor(at / from.length), at % from.length];
    return 1 / (1 + Math.exp(scores[j]! - scores[i]!));
  });
  const fail = (message: string) => {
    throw new Error(`${algorithm.name}: ${message}`);
  };
  const examplesOf = (judged: JudgedAnswers) =>
    rounds.examples(judged) as (RoundExamples['pairwise'] &
      RoundExamples['unpaired'] &
      RoundExamples['listwise'])[];
  return [
    {
      name: 'judged answers become examples of answers that there are',
      run: () => {
        const examples = examplesOf({ from, scores, preferences });
        if (examples.length === 0) fail('no example of answers that are not equally good');
        for (const { chosen, rejected, answer, answers, desirable, ratings, margin } of examples) {
          const places = answers ?? (answer === undefined ? [chosen, rejected] : [answer]);
          const bad = places.find((place) => !Number.isInteger(place) || place < 0 || place >= from.length);
          if (bad !== undefined) fail(`an example names answer ${bad} of ${from.length}`);
          if (new Set(places).size < places.length) fail('an example names an answer twice');
          if (answers && ratings.length !== answers.length) fail('a list has not one rating per answer');
          const number = [desirable, margin, ...(ratings ?? [])].find(
            (value) => value !== undefined && !Number.isFinite(value),
          );
          if (number !== undefined) fail(`an example holds the number ${number}`);
        }
      },
    },
    {
      name: 'equally good answers become no example',
      run: () => {
        if (rounds.judge === 'none') return;
        const found = examplesOf({
          from,
          scores: new Float32Array(from.length),
          preferences: new Float32Array(from.length ** 2).fill(0.5),
        });
        if (found.length > 0) fail(`${found.length} examples of answers that are all equally good`);
      },
    },
    {
      name: 'one answer alone, and none, become no example',
      run: () => {
        const alone = {
          from: from.slice(0, 1),
          scores: Float32Array.of(1),
          preferences: Float32Array.of(0.5),
        };
        if (rounds.judge !== 'none' && examplesOf(alone).length > 0) fail('an example of a single answer');
        const none = { from: [], scores: new Float32Array(0), preferences: new Float32Array(0) };
        if (examplesOf(none).length > 0) fail('an example of no answer');
      },
    },
  ];
}
