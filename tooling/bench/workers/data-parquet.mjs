/** Parquet to objects by other libraries for Node, each told in its own way. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { serve } from '../lib/worker.mjs';

const { task, folder, peer } = JSON.parse(process.argv[2]);
const path = join(folder, task === 'zstd' ? 'rows-zstd.parquet' : 'rows.parquet');

async function load(name) {
  const peers = process.env.ATTUNE_BENCH_NODE_PEERS;
  if (!peers) return import(name);
  return import(pathToFileURL(createRequire(join(peers, 'index.js')).resolve(name)).href);
}

function total(rows, result = { sum: 0, count: 0 }) {
  for (const row of rows) {
    result.sum += row.question.length + row.answer.length;
    result.count++;
  }
  return result;
}

const peers = {
  hyparquet: async () => {
    const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await load('hyparquet');
    const { compressors } = await load('hyparquet-compressors');
    return async () => {
      const file = await asyncBufferFromFile(path);
      const metadata = await parquetMetadataAsync(file);
      const result = { sum: 0, count: 0 };
      for (let rowStart = 0, i = 0; i < metadata.row_groups.length; i++) {
        const rowEnd = rowStart + Number(metadata.row_groups[i].num_rows);
        total(await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd }), result);
        rowStart = rowEnd;
      }
      return result;
    };
  },
  'parquet-wasm': async () => {
    const { readParquet } = await load('parquet-wasm');
    const { tableFromIPC } = await load('apache-arrow');
    return () => total(tableFromIPC(readParquet(readFileSync(path)).intoIPCStream()));
  },
  duckdb: async () => {
    const { DuckDBInstance } = await load('@duckdb/node-api');
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    return async () => {
      const stream = await connection.stream(`select * from '${path}'`);
      const result = { sum: 0, count: 0 };
      for await (const rows of stream.yieldRowObjects()) total(rows, result);
      return result;
    };
  },
};

await serve(await peers[peer]());
