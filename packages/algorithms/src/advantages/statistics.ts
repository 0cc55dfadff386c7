/** Mean of some numbers. */
export function mean(values: ArrayLike<number>): number {
  return total(values) / values.length;
}

/** Sum of some numbers, in double precision. */
export function total(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}

/** Mean squared deviation, divided by n − 1; 0 for fewer than two numbers. */
export function sampleVariance(values: ArrayLike<number>): number {
  if (values.length < 2) return 0;
  const center = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - center) ** 2;
  return squares / (values.length - 1);
}

/** All numbers of some rows, one after the other. */
export function flatten(rows: readonly ArrayLike<number>[]): Float64Array {
  const flat = new Float64Array(rows.reduce((sum, row) => sum + row.length, 0));
  let place = 0;
  for (const row of rows) {
    flat.set(row, place);
    place += row.length;
  }
  return flat;
}
