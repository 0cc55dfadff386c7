import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { fileError } from '../errors.ts';

/**
 * What a run has to say beside its numbers: samples left out, rewards that failed, checkpoints skipped. A text file of
 * one notice a line, so that it is there after a run that showed nothing. A resumed run repeats none.
 */
export class Notices {
  private readonly path: string;
  private readonly known: Set<string>;

  constructor(path: string) {
    this.path = path;
    this.known = new Set(existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : []);
  }

  /** All notices, the oldest first. */
  get all(): string[] {
    return [...this.known];
  }

  /** Writes a notice down unless it is there already. */
  add(message: string): void {
    const line = message.replaceAll('\n', ' ');
    if (this.known.has(line)) return;
    this.known.add(line);
    try {
      appendFileSync(this.path, `${line}\n`);
    } catch (error) {
      throw fileError(error, `cannot write ${this.path}`);
    }
  }
}
