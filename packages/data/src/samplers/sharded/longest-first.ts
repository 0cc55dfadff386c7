/** Bins of the counting sort: a millisecond each up to four minutes. */
const BINS = 2 ** 18;

/** Places by length, descending. */
export function longestFirst(lengths: Uint32Array): Uint32Array {
  let longest = 0;
  for (const length of lengths) if (length > longest) longest = length;
  const width = Math.ceil((longest + 1) / BINS);
  const starts = new Uint32Array(Math.floor(longest / width) + 2);
  for (const length of lengths) starts[Math.floor((longest - length) / width) + 1]!++;
  for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
  const order = new Uint32Array(lengths.length);
  for (let i = 0; i < lengths.length; i++) order[starts[Math.floor((longest - lengths[i]!) / width)]!++] = i;
  if (width === 1) return order;
  // Bins that are wider leave a little to do, by insertion.
  for (let i = 1; i < order.length; i++) {
    const example = order[i]!;
    let j = i;
    for (; j > 0 && lengths[order[j - 1]!]! < lengths[example]!; j--) order[j] = order[j - 1]!;
    order[j] = example;
  }
  return order;
}
