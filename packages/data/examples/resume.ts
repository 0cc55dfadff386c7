import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataLoader, openStream } from '@attune/data';

// Any data: here a file of a thousand lines.
const folder = mkdtempSync(join(tmpdir(), 'attune-example-'));
const path = join(folder, 'train.jsonl');
writeFileSync(path, Array.from({ length: 1000 }, (_, i) => JSON.stringify({ text: `line ${i}` })).join('\n'));

// Rows are read as they are needed, shuffled in windows, anew in each epoch.
const open = () =>
  new DataLoader({
    data: (epoch) => openStream(path).shuffle({ buffer: 200, seed: epoch }),
    batchSize: 4,
  });

const loader = open();
for (let step = 0; step < 300; step++) await loader.next();
const state = JSON.stringify(loader.state());
const expected = (await loader.next()).value!;

// Another process, another day: continuing costs nothing, and the order is the one interrupted.
const resumed = open();
resumed.restore(JSON.parse(state));
const found = (await resumed.next()).value!;
console.log(
  `${state.length} bytes of state; the same batch: ${JSON.stringify(found) === JSON.stringify(expected)}`,
);
rmSync(folder, { recursive: true });
