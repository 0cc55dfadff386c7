/** Where a stream stands: small JSON, whatever the amount of data. */
export type StreamState = null | number | string | boolean | StreamState[] | { [key: string]: StreamState };

/**
 * A walk over a stream, a run of items at a time. Within the last run any place can be named, so that a state is exact
 * to the item although items travel in runs.
 */
export interface Cursor<T> {
  /** The next items (perhaps none), or undefined at the end. */
  next(): Promise<readonly T[] | undefined>;
  /** The state from which a walk continues after `used` items of the last run; before the first run `used` is 0. */
  state(used: number): StreamState;
  /** Gives back what the walk holds (open files). */
  close(): Promise<void>;
}

/** Opens a walk at its beginning, or where a state was taken. */
export type Open<T> = (state?: StreamState) => Cursor<T>;

/** Adds an operation that turns each run into another, of which every item remembers the item it came from. */
export function transformRuns<T, U>(
  open: Open<T>,
  transform: (run: readonly T[]) => Promise<{ items: readonly U[]; from: (index: number) => number }>,
): Open<U> {
  return (state) => {
    const cursor = open(state);
    let length = 0;
    let count = 0;
    let from = (index: number) => index;
    return {
      async next() {
        const run = await cursor.next();
        if (!run) {
          return undefined;
        }
        const result = await transform(run);
        ({ from } = result);
        length = run.length;
        count = result.items.length;
        return result.items;
      },
      // After the last item of a run everything that came from the run is done, items left out at its end too.
      state: (used) => cursor.state(used === 0 ? 0 : used === count ? length : from(used - 1) + 1),
      close: () => cursor.close(),
    };
  };
}
