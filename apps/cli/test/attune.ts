import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The built command: what people run. */
const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** What a run of the command left. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `attune` to its end. */
export function attune(
  args: string[],
  { input = '', env = {} }: { input?: string; env?: object } = {},
): Outcome {
  needBuild();
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    input,
    encoding: 'utf8',
    env: { ...process.env, ATTUNE_DEBUG: '', ...env },
  });
  return { code: status, stdout, stderr };
}

/** Starts `attune` and leaves it running. */
export function startAttune(args: string[]): ChildProcess & { stdout: NodeJS.ReadableStream } {
  needBuild();
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  return child as ChildProcess & { stdout: NodeJS.ReadableStream };
}

function needBuild(): void {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is not built: run the build first`);
}
