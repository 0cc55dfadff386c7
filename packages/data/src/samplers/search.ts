/** The first place whose end is above the value. @param ends ascending; the last must be above the value */
export function firstAbove(ends: readonly number[], value: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value < ends[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}
