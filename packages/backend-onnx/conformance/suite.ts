/** Entry of the bundle: jasmine, the backend, then the tests. The order of the imports matters. */
import { jasmineEnv } from './jasmine.ts';
import './environment.ts';
import '@tensorflow/tfjs-core/dist/tests.js';

/** What became of one case. */
export interface CaseResult {
  name: string;
  /** `pending` is a case that the suite itself leaves out. */
  status: 'passed' | 'failed' | 'pending';
  seconds: number;
  messages: string[];
}

/** Runs all cases, or those whose full name matches `grep`, in the order of the source. */
export async function runSuite({ grep }: { grep?: string }): Promise<CaseResult[]> {
  const wanted = new RegExp(grep ?? '');
  const results: CaseResult[] = [];
  jasmineEnv.configure({ random: false, specFilter: (spec) => wanted.test(spec.getFullName()) });
  jasmineEnv.addReporter({
    specDone(result) {
      if (result.status === 'excluded') return;
      results.push({
        name: result.fullName,
        status: result.status as CaseResult['status'],
        seconds: (result.duration ?? 0) / 1000,
        messages: result.failedExpectations.map((failure) => failure.message),
      });
    },
  });
  await jasmineEnv.execute();
  return results;
}
