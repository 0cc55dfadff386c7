/** Cases that the onnx backend need not pass, with the reason. */
export interface Exclusion {
  reason: string;
  /** Patterns of full names. They must not cover any operation that a model, a loss or an optimizer uses. */
  cases: RegExp[];
}

/**
 * Empty: the whole suite passes, complex numbers and strings included, since kernels that are asked for them run on
 * the host.
 */
export const EXCLUSIONS: Exclusion[] = [];
