export type { ParallelTrainOptions, TrainProgress } from './parallel-training.ts';
export { trainFiles, trainTexts } from './parallel-training.ts';
