/** An axis: where it ends, and round numbers on it. */
export interface Scale {
  low: number;
  high: number;
  ticks: number[];
}

/**
 * A scale for a range, with about `count` steps of 1, 2 or 5 times a power of ten. Its ends lie at most a quarter of a
 * step outside. A range of one value is widened around it.
 */
export function niceScale(low: number, high: number, count = 4): Scale {
  if (high - low <= 1e-9 * Math.abs(low)) {
    const margin = Math.abs(low) / 2 || 1;
    return niceScale(low - margin, high + margin, count);
  }
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.floor((4 * low) / step) / 4;
  const last = Math.ceil((4 * high) / step) / 4;
  // Multiplying keeps ticks round where adding would pile up rounding errors.
  const at = (steps: number) => Number((steps * step).toPrecision(12));
  const ticks = Array.from({ length: Math.floor(last) - Math.ceil(first) + 1 }, (_, i) =>
    at(Math.ceil(first) + i),
  );
  return { low: at(first), high: at(last), ticks };
}

/** A number for people: 4 significant digits, SI suffixes from ten thousand on, exponents for the very small. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e4) {
    const [unit, suffix] = size >= 1e9 ? [1e9, 'G'] : size >= 1e6 ? [1e6, 'M'] : [1e3, 'k'];
    return `${Number((value / unit).toPrecision(3))}${suffix}`;
  }
  if (size > 0 && size < 1e-3)
    return value.toExponential(1).replace('.0e', 'e').replace('-', '−').replace('e-', 'e−');
  return String(Number(value.toPrecision(4))).replace('-', '−');
}
