/** Steps of a recipe, one for each line on standard input: `train` waits for its callbacks. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseRecipe, train } from '@attune/trainer';

const { recipe, folder } = JSON.parse(process.argv[2]);
const output = mkdtempSync(join(tmpdir(), 'attune-bench-'));
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const stop = new AbortController();
let steps = 0;
let start = 0;

await train(parseRecipe(JSON.stringify(recipe), { label: 'bench', folder, name: 'bench' }), {
  output: join(output, 'run'),
  signal: stop.signal,
  callbacks: [
    {
      async onStep({ metrics, speed }) {
        steps++;
        if (steps < 3) return;
        const { parts } = speed;
        if (steps === 3) say({ warmUp: [metrics] });
        else say({ ms: performance.now() - start, ...parts });
        const { value, done } = await lines.next();
        if (done || value.trim() === 'end') stop.abort();
        start = performance.now();
      },
    },
  ],
});
process.stdin.destroy();
rmSync(output, { recursive: true });
say({ peakMiB: process.resourceUsage().maxRSS / 1024 });
