import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeJsonAtomic } from './atomic-write.ts';
import { SafetensorsFile } from './reader.ts';
import { type TensorSource, tensorBytes, writeSafetensors } from './writer.ts';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const SHARD = /^model-\d{5}-of-\d{5}\.safetensors$/;

/**
 * Opens a checkpoint folder, one `model.safetensors` or shards with their index, hands the file of each tensor
 * to `use`, and closes all. Which names belong to which file is checked against the index both ways.
 */
export function withCheckpoint<T>(dir: string, use: (files: Map<string, SafetensorsFile>) => T): T {
  const opened: SafetensorsFile[] = [];
  const open = (name: string) => {
    const file = new SafetensorsFile(join(dir, name));
    opened.push(file);
    return file;
  };
  try {
    return use(existsSync(join(dir, SINGLE)) ? byTensor(open(SINGLE)) : openShards(dir, open));
  } finally {
    for (const file of opened) file.close();
  }
}

/** What `writeCheckpoint` can be told. */
export interface ShardOptions {
  /** Bytes of tensors per file; a single larger tensor gets a file of its own. Default 5e9, as in Hugging Face. */
  maxShardBytes?: number;
}

/**
 * Writes `model.safetensors`, or, past `maxShardBytes`, `model-00001-of-0000N.safetensors` with
 * `model.safetensors.index.json`. Files of an earlier checkpoint in the folder that are no longer part of it are
 * removed afterwards.
 */
export function writeCheckpoint(
  dir: string,
  tensors: readonly TensorSource[],
  { maxShardBytes = 5e9 }: ShardOptions = {},
): void {
  const shards = splitShards(tensors, maxShardBytes);
  const total = String(shards.length).padStart(5, '0');
  const fileName = (i: number) =>
    shards.length === 1 ? SINGLE : `model-${String(i + 1).padStart(5, '0')}-of-${total}.safetensors`;
  shards.forEach((shard, i) => {
    writeSafetensors(join(dir, fileName(i)), shard);
  });
  const keep = new Set(shards.map((_, i) => fileName(i)));
  if (shards.length > 1) {
    const pairs = shards.flatMap((shard, i) => shard.map(({ name }) => [name, fileName(i)] as const));
    const totalSize = tensors.reduce((sum, tensor) => sum + tensorBytes(tensor), 0);
    writeJsonAtomic(join(dir, INDEX), {
      metadata: { total_size: totalSize },
      weight_map: Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1))),
    });
    keep.add(INDEX);
  }
  removeStale(dir, keep);
}

/** Greedy in the given order: a new shard begins when the next tensor would not fit. */
function splitShards(tensors: readonly TensorSource[], maxShardBytes: number): TensorSource[][] {
  if (!(maxShardBytes > 0)) throw new Error(`maxShardBytes must be > 0, found ${maxShardBytes}`);
  const shards: TensorSource[][] = [[]];
  let used = 0;
  for (const tensor of tensors) {
    const size = tensorBytes(tensor);
    if (used > 0 && used + size > maxShardBytes) {
      shards.push([]);
      used = 0;
    }
    shards.at(-1)!.push(tensor);
    used += size;
  }
  return shards;
}

function removeStale(dir: string, keep: Set<string>): void {
  for (const name of readdirSync(dir)) {
    const ours = name === SINGLE || name === INDEX || SHARD.test(name);
    if (ours && !keep.has(name)) rmSync(join(dir, name));
  }
}

function byTensor(file: SafetensorsFile): Map<string, SafetensorsFile> {
  return new Map([...file.tensors.keys()].map((name) => [name, file]));
}

function openShards(dir: string, open: (name: string) => SafetensorsFile): Map<string, SafetensorsFile> {
  const path = join(dir, INDEX);
  if (!existsSync(path)) throw new Error(`${dir}: has neither ${SINGLE} nor ${INDEX}`);
  const weightMap = readWeightMap(path);
  const files = new Map([...new Set(Object.values(weightMap))].map((name) => [name, open(name)]));
  for (const [name, shard] of Object.entries(weightMap))
    if (!files.get(shard)!.tensors.has(name))
      throw new Error(`${path}: places tensor ${name} in ${shard}, which does not hold it`);
  for (const [shard, file] of files)
    for (const name of file.tensors.keys())
      if (weightMap[name] !== shard)
        throw new Error(`${join(dir, shard)}: holds tensor ${name}, which ${INDEX} does not place there`);
  return new Map(Object.entries(weightMap).map(([name, shard]) => [name, files.get(shard)!]));
}

function readWeightMap(path: string): Record<string, string> {
  let weightMap: unknown;
  try {
    weightMap = (JSON.parse(readFileSync(path, 'utf8')) as { weight_map?: unknown }).weight_map;
  } catch (error) {
    throw new Error(`${path}: is not JSON (${(error as Error).message})`);
  }
  const isMap = typeof weightMap === 'object' && weightMap !== null && !Array.isArray(weightMap);
  // A shard name is a plain file name: an index must not reach outside its folder.
  if (!isMap || !Object.values(weightMap as object).every((f) => typeof f === 'string' && !/[\\/]/.test(f)))
    throw new Error(`${path}: weight_map must map tensor names to file names in the same folder`);
  return weightMap as Record<string, string>;
}
