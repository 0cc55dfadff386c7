/** How `densityRatioWeights` fits and bounds. */
export interface DensityRatioOptions {
  /** Strength of the L2 penalty on the classifier's weights (1/C of scikit-learn); default 1. */
  l2?: number;
  /** Least weight of an undesirable example; default 0.5. */
  min?: number;
  /** Greatest weight of an undesirable example; default 10. */
  max?: number;
  /** Steps of Newton's method; default 50, it stops when nothing moves. */
  steps?: number;
}

/**
 * Underlying distribution matching of BCO (arXiv 2404.04656): where good and bad answers belong to different kinds of
 * prompts, the bad ones are weighed by how much their prompts look like those of the good ones,
 * `p(desirable | prompt) / p(undesirable | prompt)`, cut to [min, max], with a logistic regression over embeddings of
 * the prompts. The results are the batch's `weights`.
 *
 * @param embeddings one vector per example
 * @param desirable 1 or 0 for each
 * @returns a weight per example: 1 for desirable ones
 * @throws when lengths differ, or one of the kinds is missing
 */
export function densityRatioWeights(
  embeddings: readonly ArrayLike<number>[],
  desirable: ArrayLike<number>,
  { l2 = 1, min = 0.5, max = 10, steps = 50 }: DensityRatioOptions = {},
): Float32Array {
  const labels = Array.from(desirable);
  if (labels.length !== embeddings.length)
    throw new Error(
      `densityRatioWeights: ${embeddings.length} embeddings need as many judgements, found ${labels.length}`,
    );
  const good = labels.filter((label) => label === 1).length;
  if (good === 0 || good === labels.length)
    throw new Error(
      `densityRatioWeights compares both kinds, found ${good} desirable and ${labels.length - good} undesirable examples`,
    );
  // A constant 1 carries the intercept, which is not penalised.
  const rows = embeddings.map((vector) => [1, ...Array.from(vector)]);
  const width = rows[0]!.length;
  const odd = rows.findIndex((row) => row.length !== width);
  if (odd >= 0)
    throw new Error(
      `densityRatioWeights: embedding ${odd} has ${rows[odd]!.length - 1} numbers, the first ${width - 1}`,
    );
  const theta = fitLogistic(rows, labels, l2, steps);
  return Float32Array.from(rows, (row, i) =>
    labels[i] === 1 ? 1 : Math.min(max, Math.max(min, Math.exp(dot(theta, row)))),
  );
}

/** Logistic regression by Newton's method: its optimum is unique, so every method finds the same. */
function fitLogistic(rows: number[][], labels: number[], l2: number, steps: number): number[] {
  const width = rows[0]!.length;
  const theta = new Array<number>(width).fill(0);
  for (let step = 0; step < steps; step++) {
    const penalty = (at: number) => (at === 0 ? 0 : l2);
    const gradient = theta.map((value, at) => penalty(at) * value);
    const hessian = theta.map((_, i) => theta.map((_, j) => (i === j ? penalty(i) + 1e-9 : 0)));
    for (const [n, row] of rows.entries()) {
      const p = 1 / (1 + Math.exp(-dot(theta, row)));
      for (let i = 0; i < width; i++) {
        gradient[i]! += (p - labels[n]!) * row[i]!;
        for (let j = 0; j < width; j++) hessian[i]![j]! += p * (1 - p) * row[i]! * row[j]!;
      }
    }
    const move = solve(hessian, gradient);
    for (let i = 0; i < width; i++) theta[i]! -= move[i]!;
    if (Math.max(...move.map(Math.abs)) < 1e-12) break;
  }
  return theta;
}

function dot(a: number[], b: number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/** Solves a symmetric positive definite system by Cholesky's decomposition. */
function solve(matrix: number[][], right: number[]): number[] {
  const n = right.length;
  const lower = matrix.map(() => new Array<number>(n).fill(0));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i]![j]!;
      for (let k = 0; k < j; k++) sum -= lower[i]![k]! * lower[j]![k]!;
      lower[i]![j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / lower[j]![j]!;
    }
  }
  const half = new Array<number>(n).fill(0);
  for (let i = 0; i < n; i++) {
    half[i] =
      (right[i]! - half.slice(0, i).reduce((sum, x, k) => sum + lower[i]![k]! * x, 0)) / lower[i]![i]!;
  }
  const out = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let sum = half[i]!;
    for (let k = i + 1; k < n; k++) sum -= lower[k]![i]! * out[k]!;
    out[i] = sum / lower[i]![i]!;
  }
  return out;
}
