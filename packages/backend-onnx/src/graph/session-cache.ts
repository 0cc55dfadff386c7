import type { OrtRuntime } from '../ort/runtime.ts';
import { Executable } from './executable.ts';
import type { Plan } from './plan.ts';

/**
 * Compiled graphs. ONNX Runtime's sessions are bounded by `limitBytes`: the least recently used ones are released,
 * and compiled again should they be needed once more.
 */
export class SessionCache {
  /** How often a lazy graph was found compiled, and how often not. */
  hits = 0;
  misses = 0;
  /** Sessions that exist now, the least recently used first, and an estimate of the memory they take. */
  readonly #open = new Set<Executable>();
  bytes = 0;
  /** The map compares whole keys, so two structures whose hashes collide are never confused. */
  readonly #byStructure = new Map<string, Executable>();
  readonly #runtime: OrtRuntime;
  readonly #limitBytes: number;

  constructor(runtime: OrtRuntime, limitBytes: number) {
    this.#runtime = runtime;
    this.#limitBytes = limitBytes;
  }

  /** How many sessions exist. */
  get size(): number {
    return this.#open.size;
  }

  /** The compiled form of a lazy graph; equal structures share it. */
  get(plan: Plan, name: string): Executable {
    const found = this.#byStructure.get(plan.key);
    if (found) {
      this.hits++;
      return found;
    }
    this.misses++;
    const executable = this.compile(plan, name);
    this.#byStructure.set(plan.key, executable);
    executable.onClose = () => this.#byStructure.delete(plan.key);
    return executable;
  }

  /** Compiles a graph for one owner, who has to `drop` it. */
  compile(plan: Plan, name: string): Executable {
    return new Executable(this.#runtime, plan, name, this);
  }

  /** Releases the session of an executable that is no longer needed. */
  drop(executable: Executable): void {
    if (!this.#open.delete(executable)) return;
    this.bytes -= executable.bytes;
    executable.close();
  }

  /** Marks an executable as just used; called by itself, with `opened` when its session is new. */
  touch(executable: Executable, opened: boolean): void {
    if (!opened) this.#open.delete(executable);
    this.#open.add(executable);
    if (!opened) return;
    this.bytes += executable.bytes;
    for (const old of this.#open) {
      if (this.bytes <= this.#limitBytes) return;
      if (old !== executable && old.running === 0) this.drop(old);
    }
  }

  /** Releases every session. */
  clear(): void {
    for (const executable of this.#open) this.drop(executable);
  }
}
