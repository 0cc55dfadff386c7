import { readRun, writeReport } from '@attune/eval';
import type { RunResult, RunStart } from './callbacks.ts';

/** Writes the run's `report.html`: curves, final scores with their intervals, samples, the recipe. */
export function writeRunReport({ folder, step, scores, stopped }: RunResult, start: RunStart): string {
  const named = Object.entries(scores).map(
    ([name, score]) => [name.replace('validation/', ''), score] as const,
  );
  return writeReport(folder, {
    title: start.name,
    subtitle: stopped === undefined ? `${start.algorithm} on ${start.data}` : `stopped: ${stopped}`,
    facts: {
      steps: step,
      parameters: start.parameters,
      ...(start.trainableParameters !== start.parameters && { trained: start.trainableParameters }),
      backend: start.backend,
    },
    scores: named.length > 0 ? [{ name: 'held out', scores: Object.fromEntries(named) }] : [],
    runs: [readRun(folder, start.name)],
  });
}
