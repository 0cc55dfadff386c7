/**
 * The protocol of the benchmarks' workers, which `peers/worker.py` speaks as well. After three steps of warm-up a worker
 * says what it got; then it runs one step for every line on its standard input, until one says `end`.
 */
import { createInterface } from 'node:readline';

/**
 * @param {() => object | Promise<object>} step one step; its result is reported with the milliseconds that it took
 * @param {object} about reported with the warm-up's results
 */
export async function serve(step, about = {}) {
  const idleMiB = process.memoryUsage.rss() / 2 ** 20;
  const warmUp = [await step(), await step(), await step()];
  say({ ...about, idleMiB, warmUp });
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    if (line.trim() === 'end') break;
    const start = performance.now();
    const result = await step();
    say({ ...result, ms: performance.now() - start });
  }
  // An open pipe would keep the process.
  process.stdin.destroy();
  say({ peakMiB: process.resourceUsage().maxRSS / 1024 });
}

/**
 * The same for a step that is asynchronous, without a warm-up.
 * @param {() => Promise<object>} step
 */
export async function serveAsync(step) {
  say({});
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === 'end') break;
    const start = performance.now();
    const result = await step();
    say({ ...result, ms: performance.now() - start });
  }
  say({ peakMiB: process.resourceUsage().maxRSS / 1024 });
  // Else the open pipe would keep the process.
  process.stdin.destroy();
}

function say(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
