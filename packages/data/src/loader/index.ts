export type { BatchSampler, LastBatch } from './batch-plan.ts';
export { DataLoader, type DataLoaderOptions, type LoaderState } from './data-loader.ts';
export type { WorkerSpec } from './worker-pool.ts';
