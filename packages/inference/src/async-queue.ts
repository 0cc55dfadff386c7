/** Values pushed by one side and awaited by the other. One consumer; values pushed before it comes are kept. */
export class AsyncQueue<T> implements AsyncIterable<T> {
  private values: T[] = [];
  private done = false;
  private error: { cause: unknown } | undefined;
  private wake: (() => void) | undefined;

  push(value: T): void {
    this.values.push(value);
    this.wake?.();
  }

  /** Ends the iteration after the values pushed so far. */
  end(): void {
    this.done = true;
    this.wake?.();
  }

  /** Makes the iteration throw after the values pushed so far. */
  fail(cause: unknown): void {
    this.error = { cause };
    this.wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (;;) {
      const values = this.values;
      this.values = [];
      yield* values;
      if (this.values.length > 0) continue;
      if (this.error) throw this.error.cause;
      if (this.done) return;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
