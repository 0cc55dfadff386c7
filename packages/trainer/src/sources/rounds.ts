import {
  type AnswerSource,
  bestAgainstWorst,
  type JudgedAnswers,
  type RoundExamples,
  type Rounds,
} from '@attune/algorithms';
import { CausalLM } from '@attune/models';
import { encoderOf } from '../data/codec.ts';
import type { OfflineKind } from '../data/encode-examples.ts';
import { UserError } from '../errors.ts';
import { checkModelFolder } from '../model.ts';
import type { Recipe } from '../recipe/schema.ts';
import { refuseOtherTokenizer } from '../roles.ts';
import { type AnswerGroup, newAnswer } from '../rollout/answers.ts';
import { Collector } from '../rollout/collector.ts';
import { RoundsSource } from '../rollout/rounds-source.ts';
import { sampleWhole } from '../rollout/sample-answers.ts';
import {
  batchSizes,
  heldOutPrompts,
  longestSequence,
  makeEvaluator,
  type SourceContext,
  type Sources,
} from './context.ts';
import { preferenceJudge, preferencesOf, selfJudge } from './judges.ts';
import { layoutOf } from './offline.ts';
import { collectorSettings } from './rollouts.ts';

type AnyRounds = Omit<Rounds, 'examples'> & {
  examples(
    judged: JudgedAnswers,
  ): readonly RoundExamples['supervised' | 'pairwise' | 'unpaired' | 'listwise'][];
};

/** How examples come about: as the algorithm says, else as the recipe's section `rounds` does; undefined: from data. */
export function roundsOf({ algorithm, options, recipe }: SourceContext): AnyRounds | undefined {
  const own = (algorithm.rounds as ((options: unknown) => AnyRounds) | undefined)?.(options);
  if (own) return { ...own, ...(recipe.rounds?.reference && { reference: recipe.rounds.reference }) };
  const { rounds, rollout } = recipe;
  if (!rounds) return undefined;
  return {
    every: rounds.every,
    answers: [{ from: 'policy', count: rollout.answers }],
    judge: 'rewards',
    reference: rounds.reference ?? 'initial',
    examples: (judged) => usualExamples(algorithm.batch, judged, rounds),
  };
}

/** What answers become for a loss that knows nothing of rounds: rejection sampling, online preferences and so on. */
export function usualExamples(
  kind: string,
  judged: JudgedAnswers,
  { select, threshold }: NonNullable<Recipe['rounds']>,
): readonly RoundExamples['supervised' | 'pairwise' | 'unpaired' | 'listwise'][] {
  const { scores } = judged;
  const all = Array.from(scores, (_, answer) => answer);
  switch (kind) {
    case 'pairwise':
      return bestAgainstWorst(judged);
    case 'unpaired':
      return all.map((answer) => ({ answer, desirable: scores[answer]! > threshold ? 1 : 0 }));
    case 'listwise': {
      const ranked = all.sort((a, b) => scores[b]! - scores[a]! || a - b);
      const flat = scores[ranked[0]!] === scores[ranked.at(-1)!];
      return flat ? [] : [{ answers: ranked, ratings: ranked.map((answer) => scores[answer]!) }];
    }
    case 'distillation':
      return all.map((answer) => ({ answer }));
    default: {
      const good = all.filter((answer) => scores[answer]! > threshold);
      const best = good.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, 1);
      return (select === 'best' ? best : good).map((answer) => ({ answer }));
    }
  }
}

/** Rounds of sampling, scoring and training as the source. */
export async function roundsSources(
  context: SourceContext,
  kind: OfflineKind,
  rounds: AnyRounds,
): Promise<Sources> {
  const { recipe, algorithm, needs, model, roles } = context;
  const { rollout, schedule } = recipe;
  const count = rounds.answers.reduce((sum, { count }) => sum + count, 0);
  const prefer = rounds.judge === 'preferences' ? preferenceJudge(context) : undefined;
  const unjudged = rounds.judge === 'none' || kind === 'distillation';
  if (!unjudged && !context.score && rounds.judge !== 'self')
    throw new UserError(
      `${algorithm.name} judges its answers: name rewards, e.g. rewards: [{ name: gsm8k }]`,
    );
  const perPrompt = kind === 'pairwise' || kind === 'listwise' ? 1 : count;
  const usual = rounds.every === 'step' ? rollout.prompts * perPrompt : 8;
  const { size, micro, leastExamples } = batchSizes(context, usual);
  const maxLength = longestSequence(context);
  const settings = await collectorSettings(context);
  if (rounds.judge === 'self' && !context.score) settings.score = selfJudge(context);
  // A judge that compares has no opinion of one answer alone.
  if (prefer && recipe.rewards!.length === 1) settings.score = undefined;
  const sampler = recipe.rounds?.model === undefined ? model : loadSampler(recipe.rounds.model, context);
  settings.write = async (groups, call) => {
    for (const { from, count: answers } of rounds.answers) {
      if (from === 'data') for (const group of groups) addDataAnswers(group, context, answers, call.step);
      else {
        const own = { ...settings, model: from === 'reference' ? roles.reference : sampler };
        const seed = from === 'reference' ? call.seed ^ 0x55555555 : call.seed;
        await sampleWhole(groups, own, { ...call, seed }, { answers, from });
      }
    }
  };
  const perRound = Math.max(1, Math.ceil((rollout.prompts * perPrompt) / size)) * rollout.epochs;
  const steps = rounds.every === 'step' ? rollout.epochs : (recipe.rounds?.steps ?? perRound);
  const source = new RoundsSource({
    collector: new Collector(settings),
    algorithm,
    rounds,
    model,
    ...(prefer && { prefer: (group) => preferencesOf(prefer, group) }),
    ...(needs.reference && rounds.reference === 'initial' && { reference: roles.reference }),
    needsReference: needs.reference === true && !roles.liveReference,
    contrasts: needs,
    kind,
    layout: {
      ...layoutOf(context, kind, []),
      micro,
      packing: false,
      margins: kind === 'pairwise',
      ...(kind === 'listwise' && { sets: count }),
    },
    size: rounds.every === 'step' ? undefined : size,
    least: leastExamples,
    steps,
    seed: recipe.seed,
    samples: recipe.evaluation.samples,
  });
  const passes = Math.ceil(((schedule.epochs ?? 0) * settings.prompts.length) / rollout.prompts);
  return {
    source,
    steps: schedule.steps ?? passes * steps,
    evaluator: makeEvaluator(context, {}, heldOutPrompts(context, maxLength - 1)),
  };
}

function loadSampler(path: string, { model, codec, roles }: SourceContext): CausalLM {
  checkModelFolder(path, 'rounds.model');
  const loaded = roles.keep(CausalLM.load(path));
  refuseOtherTokenizer('rounds.model', path, loaded, { model, tokenizer: codec.tokenizer });
  return loaded;
}

/** The row's own answers: its completion, or its preference's two. */
function addDataAnswers(
  { prompt, answers }: AnswerGroup,
  { codec }: SourceContext,
  count: number,
  step: number,
): void {
  const encoder = encoderOf(codec);
  const { example } = prompt;
  const texts: Record<string, () => string[]> = {
    completion: () => [(example as { completion: string }).completion],
    unpaired: () => [(example as { completion: string }).completion],
    preference: () => {
      const { chosen, rejected } = example as { chosen: string; rejected: string };
      return [chosen, rejected];
    },
    listwise: () => (example as { completions: string[] }).completions,
  };
  const own = texts[example.kind]?.().slice(0, count) ?? [];
  if (own.length < count) {
    throw new UserError(
      `${prompt.name}: the algorithm compares with ${count} answers of the data, found ${own.length} in a ${example.kind} example`,
    );
  }
  for (const text of own) {
    const { ids, mask } = encoder.supervised({
      kind: 'completion',
      prompt: (example as { prompt: string }).prompt,
      completion: text,
    });
    const answer = newAnswer(answers.length, step, 'data' satisfies AnswerSource);
    answer.ids = Array.from(ids.subarray(mask.indexOf(1)));
    answer.own = answer.ids.map(() => 1);
    answer.logProbs = answer.ids.map(() => 0);
    answer.text = text;
    answer.done = true;
    answer.finished = true;
    answers.push(answer);
  }
}
