import { jasmineEnv } from './jasmine.ts';

/** What became of one case. */
export interface CaseResult {
  name: string;
  /** `pending` is a case that the suite itself leaves out. */
  status: 'passed' | 'failed' | 'pending';
  messages: string[];
}

/** Runs all cases, or those whose full name matches `grep`, in the order of the source. */
export async function runSuite(grep = ''): Promise<CaseResult[]> {
  const wanted = new RegExp(grep);
  const results: CaseResult[] = [];
  jasmineEnv.configure({ random: false, specFilter: (spec) => wanted.test(spec.getFullName()) });
  jasmineEnv.addReporter({
    specDone({ fullName, status, failedExpectations }) {
      if (status === 'excluded') return;
      results.push({ name: fullName, status, messages: failedExpectations.map(({ message }) => message) });
    },
    // What fails around the cases, while setting up or tearing down, belongs to none of them.
    suiteDone({ fullName, failedExpectations }) {
      if (failedExpectations.length === 0) return;
      const messages = failedExpectations.map(({ message }) => message);
      results.push({ name: `${fullName} (set-up)`, status: 'failed', messages });
    },
  });
  await withoutConsole(() => jasmineEnv.execute());
  return results;
}

/** Some cases print; that would bury the report. */
async function withoutConsole(run: () => Promise<unknown>): Promise<void> {
  const { log, warn } = console;
  console.log = () => {};
  console.warn = () => {};
  try {
    await run();
  } finally {
    Object.assign(console, { log, warn });
  }
}
