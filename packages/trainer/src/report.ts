import { readRun, writeReport } from '@attune/eval';
import type { RunResult, RunStart } from './callbacks.ts';

/** Writes the run's `report.html`: notices, curves, final scores with their intervals, samples, the recipe. */
export function writeRunReport(
  { folder, step, scores, stopped }: RunResult,
  start: RunStart,
  notices: readonly string[],
): string {
  const rows = { 'held out': scoresOf(scores, 'validation/'), training: scoresOf(scores, 'train/') };
  return writeReport(folder, {
    title: start.name,
    subtitle: stopped === undefined ? `${start.algorithm} on ${start.data}` : `stopped: ${stopped}`,
    facts: {
      steps: step,
      parameters: start.parameters,
      ...(start.trainableParameters !== start.parameters && { trained: start.trainableParameters }),
      backend: start.backend,
    },
    notices,
    scores: Object.entries(rows).flatMap(([name, own]) =>
      own.length > 0 ? [{ name, scores: Object.fromEntries(own) }] : [],
    ),
    runs: [readRun(folder, start.name)],
  });
}

/** Scores whose name begins with the prefix, without it. */
function scoresOf(scores: RunResult['scores'], prefix: string) {
  return Object.entries(scores).flatMap(([name, score]) =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), score] as const] : [],
  );
}
