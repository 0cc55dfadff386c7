/** Reads row i of batches that follow each other. @param starts rows before each batch, ascending */
export function batchedReader<T>(
  starts: ArrayLike<number>,
  readers: ArrayLike<(index: number) => T>,
): (index: number) => T {
  let last = 0;
  return (index) => {
    if (index < starts[last]! || index >= starts[last + 1]!) last = batchOf(starts, index);
    return readers[last]!(index - starts[last]!);
  };
}

/** The batch that holds row `index`: the last whose start is at most `index`. */
export function batchOf(starts: ArrayLike<number>, index: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= index) low = middle;
    else high = middle;
  }
  return low;
}
