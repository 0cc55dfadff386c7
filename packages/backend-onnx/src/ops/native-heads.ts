import { engine } from '@tensorflow/tfjs-core';
import type { OnnxBackend } from '../backend.ts';

/** Head sizes that our own attention takes fill whole vector registers, of 16 floats at the most. */
export function fillsVectors(headDim: number): boolean {
  return headDim % 16 === 0;
}

/** Whether our own attention takes such heads, wherever the graph that is being recorded will run. */
export function takesHeads(headDim: number): boolean {
  const { recorder } = engine().backend as Partial<OnnxBackend>;
  return recorder !== undefined && recorder.native !== false && fillsVectors(headDim);
}
