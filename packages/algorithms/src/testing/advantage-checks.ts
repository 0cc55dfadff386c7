import type { AnyAlgorithm } from '../definition.ts';
import type { Advantages, Rollout } from '../rollout.ts';
import type { ContractCheck } from './contract.ts';

/** Answers of unequal lengths, three groups of four, the second of equal rewards, with all that a method may need. */
function sampleRollout(): Rollout {
  const rewards = Float32Array.of(1, 0, 0, 1, 0.5, 0.5, 0.5, 0.5, 0.125, 0.75, 0, 0.25);
  const tokens = (f: (i: number, t: number) => number) =>
    Array.from(rewards, (_, i) => Float32Array.from({ length: 1 + (i % 3) }, (_, t) => f(i, t)));
  return {
    rewards,
    groupSize: 4,
    logProbs: tokens((i, t) => -0.5 - ((3 * i + t) % 7) / 4),
    refLogProbs: tokens((i, t) => -0.7 - ((5 * i + t) % 6) / 4),
    values: tokens((i, t) => ((i + 2 * t) % 5) / 2 - 1),
    greedyRewards: Float32Array.of(0.5, 1, -2),
    finished: Uint8Array.from(rewards, (_, i) => (i % 5 === 0 ? 0 : 1)),
    maxTokens: 8,
  };
}

/** The same answers in the opposite order. */
function reversed(rollout: Rollout): Rollout {
  return {
    ...rollout,
    rewards: rollout.rewards.toReversed(),
    logProbs: rollout.logProbs.toReversed(),
    refLogProbs: rollout.refLogProbs!.toReversed(),
    values: rollout.values!.toReversed(),
    greedyRewards: rollout.greedyRewards!.toReversed(),
    finished: rollout.finished!.toReversed(),
  };
}

/** What a function returns, or nothing when it throws for the reason given. */
function orRefused<T>(f: () => T, reason: RegExp): T | undefined {
  try {
    return f();
  } catch (error) {
    if (reason.test((error as Error).message)) return undefined;
    throw error;
  }
}

/** What the advantages of every rollout algorithm must hold to. */
export function advantageChecks(algorithm: AnyAlgorithm, options: unknown): ContractCheck[] {
  const rollout = sampleRollout();
  const run = (some: Rollout, state?: unknown): Advantages => algorithm.advantages!(some, options, state);
  const fail = (message: string) => {
    throw new Error(`${algorithm.name}: ${message}`);
  };
  return [
    {
      name: 'there is one finite advantage per token',
      run: () => {
        const { rewards } = rollout;
        for (const values of [rewards, rewards.map(() => 0), rewards.map((r) => 1e6 * r - 3e5)]) {
          const found = orRefused(() => run({ ...rollout, rewards: values }), /reward \d+ is .* outside/);
          if (!found) continue;
          for (const rows of [found.advantages, ...(found.returns ? [found.returns] : [])]) {
            const fits = rows.length === rewards.length;
            const bad = rows.findIndex(
              (row, i) => row.length !== rollout.logProbs[i]!.length || !row.every(Number.isFinite),
            );
            if (!fits || bad >= 0) fail(`advantages or returns of [${values}] are [${rows}]`);
          }
          const metric = Object.entries(found.metrics ?? {}).find(([, value]) => !Number.isFinite(value));
          if (metric) fail(`metric ${metric[0]} of rewards [${values}] is ${metric[1]}`);
        }
      },
    },
    {
      name: 'advantages are finite on extreme log-probabilities and values',
      run: () => {
        const extreme = (rows: readonly Float32Array[], levels: number[]) =>
          rows.map((row, i) => row.map((_, t) => levels[(i + t) % levels.length]!));
        const { advantages } = run({
          ...rollout,
          logProbs: extreme(rollout.logProbs, [0, -1e4, -20, -1e-7]),
          refLogProbs: extreme(rollout.refLogProbs!, [-1e4, -1e4, 0]),
          values: extreme(rollout.values!, [0, 1e4, -1e4]),
        });
        const bad = advantages.findIndex((row) => !row.every(Number.isFinite));
        if (bad >= 0) fail(`the advantages of answer ${bad} are [${advantages[bad]}]`);
      },
    },
    {
      name: 'the order of the answers does not change their advantages',
      run: () => {
        const expected = run(rollout).advantages;
        for (const [i, row] of run(reversed(rollout)).advantages.toReversed().entries())
          for (const [t, advantage] of row.entries()) {
            const wanted = expected[i]![t]!;
            if (!(Math.abs(advantage - wanted) <= 1e-6 + 1e-5 * Math.abs(wanted)))
              fail(`advantage ${i} of the reversed answers is ${advantage}, expected ${wanted}`);
          }
      },
    },
    {
      name: 'one answer a prompt is learned from, or refused with the reason',
      run: () => {
        const one: Rollout = { ...rollout, groupSize: 1, greedyRewards: rollout.rewards.map((r) => r - 1) };
        const found = orRefused(() => run(one), /groupSize/);
        if (found && !found.advantages.every((row) => row.every(Number.isFinite)))
          fail('advantages of groups of one answer are not finite');
      },
    },
    {
      name: 'a reward that is not a number is refused',
      run: () => {
        let message = '';
        try {
          run({ ...rollout, rewards: rollout.rewards.map((r, i) => (i === 2 ? Number.NaN : r)) });
        } catch (error) {
          message = (error as Error).message;
        }
        if (!/reward 2 must be finite, found NaN/.test(message))
          fail(`a reward of NaN must throw 'reward 2 must be finite, found NaN', found '${message}'`);
      },
    },
    {
      name: 'the state of advantages survives being written to a checkpoint',
      run: () => {
        const first = run(rollout);
        const kept = first.state === undefined ? undefined : JSON.parse(JSON.stringify(first.state));
        const [again, restored] = [run(rollout, first.state), run(rollout, kept)];
        if (String(again.advantages) !== String(restored.advantages))
          fail('advantages differ when the state went through JSON');
      },
    },
  ];
}
