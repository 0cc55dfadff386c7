import { extractCode } from '../extract-code.ts';
import { column, type Reward, type RewardRow } from '../reward.ts';
import type { Language } from './engine.ts';
import type { SandboxLimits } from './job.ts';
import { type IoCase, type IoOptions, judgeIo, unitTestJob } from './judge.ts';
import { Sandbox } from './sandbox.ts';

/** What code rewards share. */
export interface CodeRewardOptions extends SandboxLimits {
  /** A sandbox to share. Default: one of its own, with the limits given here. */
  sandbox?: Sandbox;
  /** Default `python`. */
  language?: Language;
  /** Interpreters at the same time. */
  workers?: number;
  /** Takes the program out of the completion. Default: its last fenced block, else all of it. */
  extract?: (completion: string) => string | undefined;
}

/** Options of `unitTests`. */
export interface UnitTestOptions extends CodeRewardOptions {
  /** Column put before the completion. Default: nothing; `prompt` for base models that continue it, as in HumanEval. */
  prompt?: string;
  /** Column of the tests. Default `test`. */
  test?: string;
  /** Column of the function's name. Default `entry_point`; rows without it run the tests as they are. */
  entryPoint?: string;
}

/** 1 when a completion passes its unit tests, else 0. */
export function unitTests(options: UnitTestOptions = {}): Reward {
  const { prompt, test = 'test', entryPoint = 'entry_point', extract = extractCode } = options;
  const sandbox = sandboxOf(options);
  return async (completion, row) => {
    const program = extract(completion);
    if (program === undefined) return 0;
    const problem = {
      prompt: prompt === undefined ? '' : column(row, prompt),
      test: column(row, test),
      entry_point: row[entryPoint] === undefined ? undefined : column(row, entryPoint),
    };
    return (await sandbox().run(unitTestJob(program, problem))).status === 'ok' ? 1 : 0;
  };
}

/** Options of `inputOutput`. */
export interface InputOutputOptions extends CodeRewardOptions, Pick<IoOptions, 'tolerance'> {
  /** Column of the cases: a list of `{ input, output }`, or `{ inputs: [...], outputs: [...] }`. Default `cases`. */
  cases?: string;
  /** Give the share of the cases that pass, not all or nothing. Default false. */
  partial?: boolean;
}

/** 1 when a program prints the right output for every input, else 0; or the share of the inputs. */
export function inputOutput(options: InputOutputOptions = {}): Reward {
  const { cases = 'cases', partial = false, tolerance, extract = extractCode } = options;
  const sandbox = sandboxOf(options);
  return async (completion, row) => {
    const program = extract(completion);
    const wanted = readCases(row, cases);
    if (program === undefined) return 0;
    const { passed, total } = await judgeIo(sandbox(), program, wanted, { tolerance, stopEarly: !partial });
    return partial ? passed / total : passed === total ? 1 : 0;
  };
}

/** @throws when the column holds no cases */
function readCases(row: RewardRow, name: string): IoCase[] {
  let value = row[name];
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value);
    } catch {}
  }
  const { inputs, outputs } = (value ?? {}) as { inputs?: unknown[]; outputs?: unknown[] };
  if (Array.isArray(inputs) && Array.isArray(outputs) && inputs.length === outputs.length)
    value = inputs.map((input, i) => ({ input, output: outputs[i] }));
  if (Array.isArray(value) && value.length > 0) {
    const texts = value.map((each) => ({ input: each?.input, output: each?.output }));
    if (texts.every(({ input, output }) => typeof input === 'string' && typeof output === 'string'))
      return texts;
  }
  throw new Error(
    `reward: column ${name} must hold a list of { input, output } texts, found ${JSON.stringify(row[name])?.slice(0, 200) ?? 'nothing'}`,
  );
}

/** The given sandbox, or one that is made when it is first needed. */
function sandboxOf({ sandbox, language = 'python', workers, ...limits }: CodeRewardOptions): () => Sandbox {
  const { timeoutMs, memoryMiB, outputKiB, filesMiB } = limits;
  let own = sandbox;
  return () => {
    own ??= new Sandbox({ language, workers, timeoutMs, memoryMiB, outputKiB, filesMiB });
    return own;
  };
}
