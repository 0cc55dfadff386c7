#!/usr/bin/env node
import { failureLine } from './failure.ts';
import { program } from './program.ts';

// The reader of a pipe may leave early (`attune generate … | head`): that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await program().parseAsync();
} catch (error) {
  const line = failureLine(error);
  if (line !== undefined) {
    process.stderr.write(`${line}\n`);
    process.exitCode = 1;
  }
}
