import type { SandboxJob, SandboxResult } from './job.ts';
import type { Sandbox } from './sandbox.ts';

/** A problem with unit tests, HumanEval's columns (arXiv 2107.03374). */
export interface UnitTestProblem {
  /** Put before the completion: imports, signature, docstring. Default: empty. */
  prompt?: string;
  /** Defines `check(candidate)`, or is a list of assertions. */
  test: string;
  /** Name of the function that `check` gets. Without it the tests are run as they are. */
  entry_point?: string;
}

/** The job that puts a completion to its unit tests. */
export function unitTestJob(
  completion: string,
  { prompt = '', test, entry_point }: UnitTestProblem,
): SandboxJob {
  return { program: prompt + completion, tests: entry_point ? `${test}\ncheck(${entry_point})\n` : test };
}

/** An input and the output that it must give. */
export interface IoCase {
  input: string;
  output: string;
}

/** How outputs are compared. */
export interface IoOptions {
  /** Relative tolerance of numbers. Default 0: texts are compared. */
  tolerance?: number;
  /** Stop at the first case that fails. Default true. */
  stopEarly?: boolean;
}

/** The verdict on a program. */
export interface IoVerdict {
  /** Cases that passed. */
  passed: number;
  total: number;
  /** Why the first failed case did: `wrong`, or the sandbox's status. */
  firstFailure?: { index: number; status: SandboxResult['status'] | 'wrong'; detail: string };
}

/** Runs a program on each input, in an interpreter that is new every time, and compares what it prints. */
export async function judgeIo(
  sandbox: Sandbox,
  program: string,
  cases: readonly IoCase[],
  { tolerance = 0, stopEarly = true }: IoOptions = {},
): Promise<IoVerdict> {
  const verdict: IoVerdict = { passed: 0, total: cases.length };
  for (const [index, { input, output }] of cases.entries()) {
    const result = await sandbox.run({ program, stdin: input });
    const ok = result.status === 'ok' && sameOutput(result.stdout, output, tolerance);
    if (ok) verdict.passed++;
    else {
      const status = result.status === 'ok' ? 'wrong' : result.status;
      const detail = result.error ?? `printed ${JSON.stringify(result.stdout.slice(0, 200))}`;
      verdict.firstFailure ??= { index, status, detail };
      if (stopEarly) break;
    }
  }
  return verdict;
}

/**
 * Whether two outputs are the same but for white space at the ends of lines and of the whole. With a tolerance words
 * that are numbers may differ by it.
 */
export function sameOutput(found: string, wanted: string, tolerance = 0): boolean {
  const lines = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.trimEnd());
  const [a, b] = [lines(found), lines(wanted)];
  if (a.length !== b.length) return false;
  return a.every((line, i) => line === b[i] || (tolerance > 0 && sameWords(line, b[i]!, tolerance)));
}

function sameWords(found: string, wanted: string, tolerance: number): boolean {
  const [a, b] = [found.trim().split(/\s+/), wanted.trim().split(/\s+/)];
  if (a.length !== b.length) return false;
  return a.every((word, i) => {
    if (word === b[i]) return true;
    const [x, y] = [Number(word), Number(b[i])];
    return Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(y));
  });
}
