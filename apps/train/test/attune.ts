import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withSafetensors } from '@attune/models';
import { afterAll } from 'vitest';

/** The built command: what people run. */
const MAIN = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));

/** How a process ended. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** What a process is started with besides its arguments. */
export interface Settings {
  env?: Record<string, string>;
  /** File of `preload/` that Node loads before the command, to interfere with it. */
  preload?: string;
}

/** Runs `attune train` to its end. */
export function train(args: string[], { env, preload }: Settings = {}): Outcome {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is not built: run the build first`);
  const node = preload ? ['--import', new URL(`preload/${preload}`, import.meta.url).href] : [];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...node, MAIN, 'train', ...args], {
    encoding: 'utf8',
    env: { ...process.env, ATTUNE_DEBUG: '', ...env },
  });
  return { code: status, stdout, stderr };
}

/** As `train`, and the run must succeed. */
export function trainWell(args: string[], settings?: Settings): Outcome {
  const outcome = train(args, settings);
  if (outcome.code !== 0) throw new Error(`exit code ${outcome.code}: ${outcome.stderr}`);
  return outcome;
}

/**
 * Starts `attune train` and kills it with SIGKILL.
 * @param when told all progress so far, says whether the moment has come
 * @param milliseconds to wait from then on
 * @returns whether it was still running
 */
export function killWhen(
  args: string[],
  when: (progress: string) => boolean,
  milliseconds = 0,
): Promise<boolean> {
  const child = spawn(process.execPath, [MAIN, 'train', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let progress = '';
  let due = false;
  child.stderr.on('data', (data: Buffer) => {
    progress += data.toString();
    if (due || !when(progress)) return;
    due = true;
    setTimeout(() => child.kill('SIGKILL'), milliseconds);
  });
  return new Promise((resolve) => child.on('exit', (_code, signal) => resolve(signal === 'SIGKILL')));
}

/** A temporary folder with files in it, removed after the tests of this file. */
export function workspace(files: Record<string, string | Uint8Array> = {}): (name: string) => string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'attune-train-')));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return (name) => join(folder, name);
}

/** Lines of a run's metrics.jsonl. */
export function metricsOf(run: string): Record<string, number>[] {
  const text = readFileSync(join(run, 'metrics.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Bytes of a file of a run, to compare bit for bit. */
export function bytesOf(run: string, file: string): string {
  return readFileSync(join(run, file)).toString('base64');
}

/** A run's final weights by name. */
export function weightsOf(run: string): Record<string, Float32Array> {
  return withSafetensors(join(run, 'model/model.safetensors'), (file) =>
    Object.fromEntries([...file.tensors.keys()].map((name) => [name, file.readFloat32(name)])),
  );
}

/** The largest difference between two runs' weights, relative to the largest weight. */
export function weightGap(a: string, b: string): number {
  const [left, right] = [weightsOf(a), weightsOf(b)];
  let gap = 0;
  let size = 0;
  for (const [name, values] of Object.entries(left)) {
    for (const [i, value] of values.entries()) {
      gap = Math.max(gap, Math.abs(value - right[name]![i]!));
      size = Math.max(size, Math.abs(value));
    }
  }
  return gap / size;
}

/** Sums of unequal lengths, as prompt and completion. */
export const sums = Array.from({ length: 24 }, (_, i) => {
  const terms = Array.from({ length: 1 + ((i * 5) % 7) }, (_, j) => 1 + ((i * 3 + j * 7) % 10));
  const steps = terms.map((_, j) => terms.slice(0, j + 1).reduce((a, b) => a + b, 0));
  return {
    prompt: `${terms.join('+')}=`,
    completion: `${steps.join(' ')} #### ${steps.at(-1)}`,
    answer: String(steps.at(-1)),
  };
});

/** Objects as JSON lines. */
export const jsonl = (rows: readonly object[]) => `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;

/** A tiny model on `data.jsonl`. */
export const recipe = (more = '') => `
seed: 5
model: { layers: 1, heads: 2, width: 16, context: 64 }
tokenizer: { train: characters }
data: { train: { path: data.jsonl }, template: none }
optimizer: { lr: 5e-3 }
schedule: { steps: 6 }
batch: { size: 8 }
evaluation: { every: 0 }
checkpoint: { every: 2 }
${more}`;

/** Reads a JSON file. */
export const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
