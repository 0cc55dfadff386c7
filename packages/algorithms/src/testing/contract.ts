import type { AnyAlgorithm, Needs } from '../definition.ts';
import { advantageChecks } from './advantage-checks.ts';
import { addOutcomes, numbers, outcome, requireEqual, requireFinite } from './outcome.ts';
import { roundsChecks } from './rounds-checks.ts';
import { type SampleExample, type SampleOptions, type SampleStep, sampleStep } from './sample-batch.ts';
import { blank, pad, tie, unpad } from './sample-edits.ts';

/** One property that every algorithm has. `run` throws when the algorithm lacks it. */
export interface ContractCheck {
  name: string;
  run(): void;
}

/**
 * The properties that every algorithm must have, as named checks for any test runner:
 *
 * ```ts
 * for (const { name, run } of contract(myLoss)) test(name, run);
 * ```
 *
 * A TensorFlow.js backend with gradients must be active (`await useBackend('cpu')`). Batches hold what the
 * definition's `needs` asks for, and nothing else that is optional.
 *
 * @param options what a recipe would write; default: none
 */
export function contract(algorithm: AnyAlgorithm, options: unknown = {}): ContractCheck[] {
  const parsed = algorithm.options.parse(options);
  const needs: Needs = algorithm.needs?.(parsed) ?? {};
  const draw = (how?: SampleOptions) => sampleStep(algorithm.batch, needs, how);
  const measure = (step: SampleStep, part?: SampleExample[]) => outcome(algorithm, parsed, step, part);
  const step = draw();

  const checks: ContractCheck[] = [
    { name: 'the defaults of its options are complete', run: () => void algorithm.options.parse({}) },
    {
      name: 'the loss depends on the policy',
      run: () => {
        const { gradients, shared } = measure(step);
        if ([...gradients, shared].every((own) => numbers(own).every((g) => g === 0)))
          throw new Error(`${algorithm.name}: every gradient is 0`);
      },
    },
    {
      name: 'loss and gradients are finite on extreme log-probabilities',
      run: () => {
        const levels = [0, -1e-7, -20, -100, -1e4];
        const pick = (from: number[]) => (value: number) => from[Math.floor(value * from.length)]!;
        const extremes = { logProb: pick(levels), score: pick([...levels, 20, 1e4]) };
        for (let seed = 1; seed <= 5; seed++)
          requireFinite(algorithm.name, measure(draw({ seed, count: 8, ...extremes })), 'extremes');
      },
    },
    {
      name: 'loss and gradients are finite for answers of one token and of none',
      run: () => {
        requireFinite(algorithm.name, measure(draw({ length: () => 1 })), 'one token each');
        requireFinite(algorithm.name, measure(draw({ length: (value) => (value < 0.5 ? 0 : 1) })), 'none');
      },
    },
    {
      name: 'loss and gradients are finite at ties',
      run: () => {
        const equal = draw({ logProb: () => -1, score: () => 0 });
        const tied = { ...equal, examples: equal.examples.map(tie) };
        requireFinite(algorithm.name, measure(tied), 'ties');
      },
    },
    {
      name: 'a step of one example is finite, or refused by name',
      run: () => {
        const one = draw({ count: 1 });
        if ((needs.leastExamples ?? 1) <= 1) requireFinite(algorithm.name, measure(one), 'one example');
        else requireRefusal(algorithm.name, () => measure(one));
      },
    },
    {
      name: 'the order of the examples does not matter',
      run: () => {
        const forward = measure(step);
        const backward = measure({ ...step, examples: step.examples.toReversed() });
        const gradients = backward.gradients.toReversed();
        requireEqual(algorithm.name, 'reversed', { ...backward, gradients }, forward);
      },
    },
  ];
  if (algorithm.batch !== 'contrastive') {
    checks.push(
      {
        name: 'padding does not matter',
        run: () => {
          const padded = measure({ ...step, examples: step.examples.map(pad) });
          const gradients = padded.gradients.map((example) => unpad(algorithm.name, example));
          requireEqual(algorithm.name, 'padded', { ...padded, gradients }, measure(step));
        },
      },
      {
        name: 'rows that only fill up a batch add nothing',
        run: () => {
          const filled = measure(step, [
            ...step.examples,
            ...draw({ seed: 9, count: 2 }).examples.map(blank),
          ]);
          const fill = filled.gradients.slice(step.examples.length);
          if (fill.some((example) => numbers(example).some((g) => g !== 0)))
            throw new Error(`${algorithm.name}: a row whose mask is 0 everywhere has a gradient`);
          const gradients = filled.gradients.slice(0, step.examples.length);
          requireEqual(algorithm.name, 'filled up', { ...filled, gradients }, measure(step));
        },
      },
    );
  }
  if (!needs.wholeBatch) {
    checks.push({
      name: 'micro-batches add up to the whole batch',
      run: () => {
        const parts = [step.examples.slice(0, 1), step.examples.slice(1, 3), step.examples.slice(3)];
        const sum = parts.map((part) => measure(step, part)).reduce(addOutcomes);
        requireEqual(algorithm.name, 'micro-batched', sum, measure(step));
      },
    });
  }
  if (algorithm.rounds) checks.push(...roundsChecks(algorithm, parsed));
  return algorithm.batch === 'rollout' ? [...checks, ...advantageChecks(algorithm, parsed)] : checks;
}

/** @throws when the algorithm does not refuse, or without its name */
function requireRefusal(algorithm: string, run: () => void): void {
  let message: string | undefined;
  try {
    run();
  } catch (error) {
    message = (error as Error).message;
  }
  if (!message?.startsWith(`${algorithm}:`))
    throw new Error(
      `${algorithm}: fewer examples than needs.leastExamples must be refused with a message that begins with ` +
        `'${algorithm}:', found ${message === undefined ? 'no error' : `'${message}'`}`,
    );
}
