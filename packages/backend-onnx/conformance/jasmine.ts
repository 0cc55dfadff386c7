/** Boots jasmine, which puts `describe`, `it` and `expect` among the globals. */
import jasmineCore from 'jasmine-core';

const jasmine = jasmineCore.boot();
jasmine.DEFAULT_TIMEOUT_INTERVAL = 20_000;

export const jasmineEnv = jasmine.getEnv();
