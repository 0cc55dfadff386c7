export { cacheFolder } from './cache.ts';
export type { StreamState } from './cursor.ts';
export type { InterleaveOptions } from './draw.ts';
export { contentHash, fingerprintFiles } from './fingerprint.ts';
export { type LoadSpec, loadDataset } from './load-dataset.ts';
export { type DatasetSource, type DatasetSpec, openStream } from './open-stream.ts';
export { DataStream } from './stream.ts';
export type { Walker } from './walker.ts';
export { type WriteResult, writeDataset } from './write-dataset.ts';
