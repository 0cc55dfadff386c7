import type { MicroBatch } from './micro-batch.ts';

/** What losses divide by, for one kind of data; see `Totals`. */
export interface StepTotal<N = number> {
  tokens: N;
  examples: N;
  chosenTokens?: N;
  desirable?: N;
}

/** What losses divide by: of the step's own batches, and of the data beside them. */
export interface TotalNumbers<N = number> {
  own: StepTotal<N>;
  supervised?: StepTotal<N>;
  pairwise?: StepTotal<N>;
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

function sumOf(batches: readonly MicroBatch[]): StepTotal {
  const sum = (value: (batch: MicroBatch) => number) =>
    batches.reduce((total, batch) => total + value(batch), 0);
  const total: StepTotal = { tokens: sum(({ tokens }) => tokens), examples: sum(({ examples }) => examples) };
  if (batches[0]?.chosenTokens !== undefined) total.chosenTokens = sum(({ chosenTokens }) => chosenTokens!);
  if (batches[0]?.desirable) {
    total.desirable = sum(({ desirable }) =>
      desirable!.reduce((count, value) => count + (value > 0 ? 1 : 0), 0),
    );
  }
  return total;
}
