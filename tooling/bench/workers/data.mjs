/** Reading and walking through text data with @attune/data. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadDataset, openStream } from '../../../packages/data/dist/index.js';
import { serve } from '../lib/worker.mjs';

const { task, folder, rows } = JSON.parse(process.argv[2]);
const jsonl = join(folder, 'rows.jsonl');
const size = ({ question, answer }) => question.length + answer.length;

async function walk(stream) {
  let sum = 0;
  let count = 0;
  for await (const row of stream) {
    sum += size(row);
    count++;
  }
  return { sum, count };
}

async function resuming(make) {
  const walker = make().walk();
  await walker.take(Math.floor((2 * rows) / 3));
  const state = JSON.parse(JSON.stringify(walker.state()));
  await walker.close();
  return async () => {
    const again = make().walk(state);
    const { value } = await again.next();
    await again.close();
    return { sum: size(value), count: 1 };
  };
}

const tasks = {
  jsonl: async () => () => walk(openStream(jsonl)),
  parquet: async () => () => walk(openStream(join(folder, 'rows.parquet'))),
  zstd: async () => () => walk(openStream(join(folder, 'rows-zstd.parquet'))),
  cache: async () => async () => {
    const cache = mkdtempSync(join(folder, 'ours-'));
    const dataset = await loadDataset({ path: jsonl, cache });
    const result = { sum: size(dataset.at(0)) + size(dataset.at(dataset.length - 1)), count: dataset.length };
    rmSync(cache, { recursive: true });
    return result;
  },
  map: async () => () =>
    walk(
      openStream(jsonl)
        .map((row) => ({ ...row, question: row.question.toUpperCase() }))
        .filter(({ score }) => score < 0.5),
    ),
  shuffle: async () => {
    const dataset = await loadDataset({ path: jsonl, cache: join(folder, 'ours') });
    let seed = 0;
    return () => {
      let sum = 0;
      const count = Math.min(20_000, rows);
      for (const row of dataset.shuffle(seed++).take(count)) sum += size(row);
      return { sum, count };
    };
  },
  resume: () => resuming(() => openStream(jsonl)),
  'resume-shuffled': () => resuming(() => openStream(jsonl).shuffle({ buffer: 1000, seed: 1 })),
};

await serve(await tasks[task]());
