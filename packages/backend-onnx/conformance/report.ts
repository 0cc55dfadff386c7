import type { Exclusion } from './exclusions.ts';
import type { CaseResult } from './suite.ts';

/** Results sorted by what the exclusions say of them. */
export interface Verdict {
  passed: CaseResult[];
  failed: CaseResult[];
  /** How many cases the suite itself leaves out or the exclusions name. */
  skipped: number;
  /** Excluded, although they pass. */
  stale: CaseResult[];
}

export function judge(results: readonly CaseResult[], exclusions: readonly Exclusion[]): Verdict {
  const isExcluded = ({ name }: CaseResult) =>
    exclusions.some(({ cases }) => cases.some((pattern) => pattern.test(name)));
  const run = results.filter(({ status }) => status !== 'pending');
  const counted = run.filter((result) => !isExcluded(result));
  return {
    passed: counted.filter(({ status }) => status === 'passed'),
    failed: counted.filter(({ status }) => status === 'failed'),
    skipped: results.length - counted.length,
    stale: run.filter((result) => isExcluded(result) && result.status === 'passed'),
  };
}

/** The report, ending with `N passed, N failed, N skipped`. `verbose` keeps stack traces. */
export function reportOf({ passed, failed, skipped, stale }: Verdict, verbose: boolean): string {
  const detail = (message: string) => `  ${verbose ? message : message.split('\n')[0]}`;
  return [
    ...failed.flatMap(({ name, messages }) => [`FAILED ${name}`, ...messages.map(detail)]),
    ...stale.map(({ name }) => `stale exclusion, it passes: ${name}`),
    `${passed.length} passed, ${failed.length} failed, ${skipped} skipped`,
  ].join('\n');
}
