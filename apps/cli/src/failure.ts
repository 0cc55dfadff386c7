import { CommanderError } from 'commander';

/**
 * What to print for an error that ends the program: one line, or with ATTUNE_DEBUG=1 the stack.
 *
 * @returns undefined when it is none: `--help`, `--version` and no arguments at all end the parsing the same way
 */
export function failureLine(error: unknown): string | undefined {
  if (error instanceof CommanderError && (error.exitCode === 0 || error.code === 'commander.help'))
    return undefined;
  if (!(error instanceof Error)) return `attune: ${String(error)}`;
  if (process.env.ATTUNE_DEBUG) return `attune: ${error.stack}`;
  const message = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  return `attune: ${message || error.name}`;
}
