import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type ReportContent, type ReportRun, type ReportSample, renderReport } from './report.ts';
import type { MetricsLine } from './series.ts';

/**
 * Reads what a run left in its folder: `metrics.jsonl`, `speed.jsonl`, `samples.jsonl` and `recipe.yaml`. Files that
 * are not there count as empty, and so does a last line that a crash cut off.
 *
 * @param name default: the folder's name
 * @throws when a line inside a file is no JSON, naming it
 */
export function readRun(folder: string, name = basename(resolve(folder))): ReportRun {
  const recipe = join(folder, 'recipe.yaml');
  return {
    name,
    metrics: [
      ...readLines(join(folder, 'metrics.jsonl')),
      ...readLines(join(folder, 'speed.jsonl')).map(speedMetrics),
    ],
    ...(existsSync(recipe) && { recipe: readFileSync(recipe, 'utf8') }),
    samples: readLines(join(folder, 'samples.jsonl')) as unknown as ReportSample[],
  };
}

/**
 * Writes `report.html` into a folder, at once: a reader never sees half of it. The folder is created.
 *
 * @param content default: the run in this folder
 * @returns the path of the report
 */
export function writeReport(folder: string, content?: ReportContent): string {
  const run = content ? undefined : readRun(folder);
  const path = join(folder, 'report.html');
  const unfinished = `${path}.tmp`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(unfinished, renderReport(content ?? { title: run!.name, runs: [run!] }));
  renameSync(unfinished, path);
  return path;
}

/** Of the speeds only what a curve is worth. */
function speedMetrics({ step, tokensPerSecond, memoryBytes, ...rest }: MetricsLine): MetricsLine {
  const known: MetricsLine = { step };
  if (tokensPerSecond !== undefined) known['tokens-per-second'] = tokensPerSecond;
  if (typeof memoryBytes === 'number') known['memory (GB)'] = memoryBytes / 1e9;
  const { remainingSeconds: _, seconds, ...others } = rest;
  return { ...known, ...(seconds !== undefined && { 'seconds per step': seconds }), ...others };
}

function readLines(path: string): MetricsLine[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  const last = lines.length - 1;
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line) as MetricsLine];
    } catch (error) {
      if (i === last) return [];
      throw new Error(`${path}:${i + 1}: is not JSON: found ${JSON.stringify(line.slice(0, 60))}`, {
        cause: error,
      });
    }
  });
}
