import type { OrtRuntime } from '../ort/runtime.ts';
import { Executable } from './executable.ts';
import type { Plan } from './plan.ts';

/** What ONNX Runtime keeps per node of a session, measured on training graphs (bytes). */
const BYTES_PER_NODE = 12_000;

/**
 * Compiled graphs by structure, the least recently used ones dropped once they exceed `limitBytes`.
 * The map compares whole keys, so two graphs whose hashes collide are never confused.
 */
export class SessionCache {
  hits = 0;
  misses = 0;
  bytes = 0;
  readonly #entries = new Map<string, { executable: Executable; bytes: number }>();
  readonly #runtime: OrtRuntime;
  readonly #limitBytes: number;

  constructor(runtime: OrtRuntime, limitBytes: number) {
    this.#runtime = runtime;
    this.#limitBytes = limitBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The compiled form of `plan`, compiled now if its structure is new. */
  get(plan: Plan, name: string): Executable {
    const found = this.#entries.get(plan.key);
    if (found) {
      this.hits++;
      this.#entries.delete(plan.key);
      this.#entries.set(plan.key, found);
      return found.executable;
    }
    this.misses++;
    const executable = new Executable(this.#runtime, plan, name);
    const bytes = 2 * plan.key.length + 2 * executable.modelBytes + plan.nodes.length * BYTES_PER_NODE;
    this.#entries.set(plan.key, { executable, bytes });
    this.bytes += bytes;
    this.#trim();
    return executable;
  }

  /** Drops every session. */
  clear(): void {
    for (const { executable } of this.#entries.values()) executable.dispose();
    this.#entries.clear();
    this.bytes = 0;
  }

  #trim(): void {
    for (const [key, { executable, bytes }] of this.#entries) {
      if (this.bytes <= this.#limitBytes || this.#entries.size === 1) return;
      this.#entries.delete(key);
      this.bytes -= bytes;
      executable.dispose();
    }
  }
}
