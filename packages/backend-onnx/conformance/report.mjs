/** Prints what became of the cases; true when none failed. */
export function printReport(results, { verbose, seconds }) {
  const failed = results.filter((r) => r.status === 'failed');
  for (const { name, messages } of failed) {
    console.log(`FAILED ${name}`);
    for (const message of verbose ? messages : messages.slice(0, 1))
      console.log(`  ${message.split('\n')[0]}`);
  }
  const passed = results.filter((r) => r.status === 'passed').length;
  console.log(`${seconds.toFixed(1)} s`);
  console.log(
    `${passed} passed, ${failed.length} failed, ${results.length - passed - failed.length} skipped`,
  );
  return failed.length === 0;
}
