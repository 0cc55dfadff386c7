/** Boots jasmine, which puts `describe`, `it` and `expect` among the globals. */
// @ts-expect-error jasmine-core brings no types
import jasmineCore from 'jasmine-core';

interface JasmineResult {
  fullName: string;
  status: 'passed' | 'failed' | 'pending' | 'excluded';
  failedExpectations: { message: string }[];
}

/** What this folder uses of jasmine's environment. */
interface JasmineEnv {
  configure(options: { random: boolean; specFilter: (spec: { getFullName(): string }) => boolean }): void;
  addReporter(reporter: {
    specDone(result: JasmineResult): void;
    suiteDone(result: JasmineResult): void;
  }): void;
  execute(): Promise<unknown>;
}

const jasmine = jasmineCore.boot();
jasmine.DEFAULT_TIMEOUT_INTERVAL = 120_000;

export const jasmineEnv: JasmineEnv = jasmine.getEnv();
