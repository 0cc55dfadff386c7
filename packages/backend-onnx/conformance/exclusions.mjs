/**
 * Cases that the onnx backend need not pass: groups with a reason, and patterns of full names.
 * A group must not cover any operation that a model, a loss or an optimizer uses.
 *
 * It is empty: the whole suite passes, complex numbers and strings included, since kernels that are asked for them
 * run on the host.
 *
 * @type {{ reason: string, cases: RegExp[] }[]}
 */
export const EXCLUSIONS = [];
