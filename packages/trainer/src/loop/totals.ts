import type { MicroBatch } from './micro-batch.ts';

/** What losses divide by: of the step's own batches, and of the data beside them. */
export interface TotalNumbers<N = number> {
  own: { tokens: N; examples: N };
  supervised?: { tokens: N; examples: N };
  pairwise?: { tokens: N; examples: N };
}

/** Sums over the micro-batches of a step. */
export function stepTotals(batches: readonly MicroBatch[]): TotalNumbers {
  const totals: TotalNumbers = { own: sumOf(batches) };
  for (const kind of ['supervised', 'pairwise'] as const) {
    const parts = batches.flatMap(({ beside }) => beside?.[kind] ?? []);
    if (parts.length > 0) totals[kind] = sumOf(parts);
  }
  return totals;
}

function sumOf(batches: readonly MicroBatch[]): { tokens: number; examples: number } {
  const sum = { tokens: 0, examples: 0 };
  for (const { tokens, examples } of batches) {
    sum.tokens += tokens;
    sum.examples += examples;
  }
  return sum;
}
