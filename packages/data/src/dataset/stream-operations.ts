import { permutation } from '../permutation.ts';
import type { Cursor, Open, StreamState } from './cursor.ts';
import { drawSource, type InterleaveOptions, sharesOf } from './draw.ts';
import { Walker } from './walker.ts';

/** Turns each item into any number of items. The state within an item is the number of its items that were given. */
export function flatMapped<T, U>(
  open: Open<T>,
  transform: (item: T) => Iterable<U> | Promise<Iterable<U>>,
): Open<U> {
  return (state) => {
    const resumed = state as { at: StreamState; done: number } | undefined;
    const cursor = open(resumed?.at);
    let skip = resumed?.done ?? 0;
    // Where each item's items begin within the run.
    let starts: number[] = [0];
    let skipped = 0;
    return {
      async next() {
        const run = await cursor.next();
        if (!run) return undefined;
        skipped = run.length > 0 ? skip : 0;
        if (run.length > 0) skip = 0;
        starts = [-skipped];
        const items: U[] = [];
        for (const item of run) {
          for (const part of await transform(item)) items.push(part);
          starts.push(items.length - skipped);
        }
        return skipped > 0 ? items.slice(skipped) : items;
      },
      state(used) {
        const total = starts.at(-1)!;
        if (used === total) return { at: cursor.state(starts.length - 1), done: 0 };
        let which = 0;
        while (starts[which + 1]! <= used) which++;
        return { at: cursor.state(which), done: used - starts[which]! };
      },
      close: () => cursor.close(),
    };
  };
}

/** Groups `size` items into one; the last group may be smaller. */
export function batched<T>(open: Open<T>, size: number, dropLast: boolean): Open<T[]> {
  return (state) => {
    const walker = new Walker(open(state));
    let before = walker.state();
    return {
      async next() {
        before = walker.state();
        const items = await walker.take(size);
        return items.length === 0 || (dropLast && items.length < size) ? undefined : [items];
      },
      state: (used) => (used === 0 ? before : walker.state()),
      close: () => walker.close(),
    };
  };
}

/**
 * Shuffles within windows of `buffer` items, each window by a permutation of its own. Unlike a buffer from which items
 * are drawn at random, a window can be read again: the state is its beginning and a number, and nothing is lost.
 */
export function shuffled<T>(open: Open<T>, buffer: number, seed: number): Open<T> {
  return (state) => {
    const resumed = state as { at: StreamState; window: number; done: number } | undefined;
    const walker = new Walker(open(resumed?.at));
    let window = resumed?.window ?? 0;
    let skip = resumed?.done ?? 0;
    let before = walker.state();
    let given = { window, done: skip, count: 0 };
    return {
      async next() {
        const start = walker.state();
        const items = await walker.take(buffer);
        if (items.length === 0) return undefined;
        before = start;
        const order = permutation(items.length, seed, window);
        const run: T[] = [];
        for (let i = skip; i < items.length; i++) run.push(items[order(i)]!);
        given = { window, done: skip, count: run.length };
        window++;
        skip = 0;
        return run;
      },
      state(used) {
        if (given.count > 0 && used === given.count)
          return { at: walker.state(), window: given.window + 1, done: 0 };
        return { at: before, window: given.window, done: given.done + used };
      },
      close: () => walker.close(),
    };
  };
}

/** The first `count` items. */
export function limited<T>(open: Open<T>, count: number): Open<T> {
  return (state) => {
    const resumed = state as { at: StreamState; left: number } | undefined;
    const cursor = open(resumed?.at);
    let left = resumed?.left ?? count;
    let before = left;
    return {
      async next() {
        const run = left > 0 ? await cursor.next() : undefined;
        if (!run) return undefined;
        before = left;
        const items = run.length > left ? run.slice(0, left) : run;
        left -= items.length;
        return items;
      },
      state: (used) => ({ at: cursor.state(used), left: before - used }),
      close: () => cursor.close(),
    };
  };
}

/** Leaves out the first `count` items. */
export function skipped<T>(open: Open<T>, count: number): Open<T> {
  return (state) => {
    const resumed = state as { at: StreamState; left: number } | undefined;
    const cursor = open(resumed?.at);
    let left = resumed?.left ?? count;
    let cut = 0;
    return {
      async next() {
        const run = await cursor.next();
        if (!run) return undefined;
        cut = Math.min(left, run.length);
        left -= cut;
        return cut > 0 ? run.slice(cut) : run;
      },
      state: (used) => ({ at: cursor.state(used + cut), left }),
      close: () => cursor.close(),
    };
  };
}

/** Every `count`-th item, from `index` on: a rank's share. */
export function sharded<T>(open: Open<T>, index: number, count: number): Open<T> {
  return (state) => {
    const resumed = state as { at: StreamState; ordinal: number } | undefined;
    const cursor = open(resumed?.at);
    let start = resumed?.ordinal ?? 0;
    let end = start;
    let items: T[] = [];
    // Where the first item of the share stands within the run.
    let first = 0;
    return {
      async next() {
        const run = await cursor.next();
        if (!run) return undefined;
        start = end;
        end = (start + run.length) % count;
        first = (index - start + count) % count;
        items = run.filter((_, i) => i % count === first);
        return items;
      },
      state: (used) =>
        used === 0
          ? { at: cursor.state(0), ordinal: start }
          : { at: cursor.state(first + (used - 1) * count + 1), ordinal: (index + 1) % count },
      close: () => cursor.close(),
    };
  };
}

/** One stream after the other; each is opened when its turn comes. */
export function concatenated<T>(parts: readonly Open<T>[]): Open<T> {
  return (state) => {
    const resumed = state as { part: number; at: StreamState } | undefined;
    let part = resumed?.part ?? 0;
    let cursor: Cursor<T> | undefined = part < parts.length ? parts[part]!(resumed?.at) : undefined;
    return {
      async next() {
        while (cursor) {
          const run = await cursor.next();
          if (run) return run;
          if (part + 1 >= parts.length) return undefined;
          await cursor.close();
          cursor = parts[++part]!();
        }
        return undefined;
      },
      state: (used) => ({ part, at: cursor?.state(used) ?? null }),
      close: async () => cursor?.close(),
    };
  };
}

/** Most items of a run, of which each source gives some. */
const INTERLEAVED_RUN = 256;

/** Draws from streams at random by weight. Draw number n is a pure function of the seed, so the state is a count. */
export function interleaved<T>(parts: readonly Open<T>[], options: InterleaveOptions): Open<T> {
  const shares = sharesOf(parts.length, options);
  const { seed = 0, until = 'all' } = options;
  return (state) => {
    const resumed = state as { step: number; ended: boolean[]; at: StreamState[] } | undefined;
    const walkers = parts.map((open, i) => new Walker(open(resumed?.at[i])));
    const ended = resumed?.ended ?? parts.map(() => false);
    let step = resumed?.step ?? 0;
    // The last run: which source each item came from, and where each source stood before it.
    let choices: number[] = [];
    let starts = walkers.map(() => 0);
    return {
      async next() {
        const items: T[] = [];
        const drawn: number[] = [];
        const positions = [...starts];
        while (items.length < INTERLEAVED_RUN && !ended.every(Boolean)) {
          const which = drawSource(shares, ended, seed, step + items.length);
          const walker = walkers[which]!;
          if (walker.available === 0) {
            // A source is read on only between runs, so that within one its places can be counted.
            if (items.length > 0) break;
            if (!(await walker.fill())) {
              if (until === 'first') ended.fill(true);
              else ended[which] = true;
              continue;
            }
          }
          if (items.length === 0) for (const [i, { position }] of walkers.entries()) positions[i] = position;
          items.push(walker.takeNow());
          drawn.push(which);
        }
        if (items.length === 0) return undefined;
        choices = drawn;
        starts = positions;
        step += items.length;
        return items;
      },
      state(used) {
        const at = walkers.map((walker, i) => {
          let position = starts[i]!;
          for (let k = 0; k < used; k++) if (choices[k] === i) position++;
          return walker.stateAt(position);
        });
        return { step: step - choices.length + used, ended: [...ended], at };
      },
      close: async () => {
        for (const walker of walkers) await walker.close();
      },
    };
  };
}
