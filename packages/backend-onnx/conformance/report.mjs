/**
 * Sorts results by what the exclusions say of them.
 *
 * @param {{ name: string, status: string, messages: string[] }[]} results
 * @param {{ reason: string, cases: RegExp[] }[]} exclusions
 */
export function judge(results, exclusions) {
  const isExcluded = ({ name }) =>
    exclusions.some(({ cases }) => cases.some((pattern) => pattern.test(name)));
  const run = results.filter(({ status }) => status !== 'pending');
  const counted = run.filter((result) => !isExcluded(result));
  return {
    passed: counted.filter(({ status }) => status === 'passed'),
    failed: counted.filter(({ status }) => status === 'failed'),
    skipped: results.length - counted.length,
    /** Excluded, but they would pass. */
    stale: run.filter((result) => isExcluded(result) && result.status === 'passed'),
  };
}

/** Prints the verdict, ending with `N passed, N failed, N skipped`; true when nothing failed. */
export function printReport(results, exclusions, { verbose = false, seconds = 0 } = {}) {
  const { passed, failed, skipped, stale } = judge(results, exclusions);
  for (const { name, messages } of failed) {
    console.log(`FAILED ${name}`);
    for (const message of verbose ? messages : messages.slice(0, 1).map((m) => m.split('\n')[0])) {
      console.log(`  ${message}`);
    }
  }
  for (const { name } of stale) console.log(`stale exclusion, it passes: ${name}`);
  console.log(`${seconds.toFixed(1)} s`);
  console.log(`${passed.length} passed, ${failed.length} failed, ${skipped} skipped`);
  return failed.length === 0;
}
