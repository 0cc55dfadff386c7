/** A line of `metrics.jsonl` or `speed.jsonl`: numbers by name; JSON has no NaN, so it is written as a text. */
export type MetricsLine = Record<string, unknown>;

/** One curve: a metric over steps. */
export interface Series {
  label: string;
  /** Number of its colour: held-out values have the same one in every picture. */
  color: number;
  /** Steps whose value is a finite number, ascending. */
  points: [step: number, value: number][];
  /** Steps whose value is NaN or infinite. */
  gaps: number[];
}

/** Curves that belong into one picture. */
export interface Panel {
  title: string;
  series: Series[];
}

/** Metrics that are drawn together, each under its own label. */
const TOGETHER: Record<string, string[]> = {
  rewards: ['rewards/chosen', 'rewards/rejected'],
  'clipped tokens': ['clip/low', 'clip/high'],
};

/** What readers look for first. Other metrics follow in the order of the file. */
const FIRST = [
  'loss',
  'reward',
  'reward/',
  'rewards',
  'rewards/',
  'accuracy',
  'perplexity',
  'kl',
  'grad-norm',
  'learning-rate',
];
const LAST = ['tokens-per-second', 'seconds', 'memory'];

/** Names that tell where a line stands instead of what was measured. */
const NOT_METRICS = new Set(['step', 'epoch', 'time', 'tokens', 'examples']);

const VALIDATION = /^(validation|eval)\//;

/** Sorts the metrics of a run into pictures. Held-out values are drawn over the training values of the same name. */
export function panels(lines: readonly MetricsLine[]): Panel[] {
  const byTitle = new Map<string, Map<string, Series>>();
  for (const line of lines) {
    const step = toNumber(line.step);
    if (step === undefined || !Number.isFinite(step)) continue;
    for (const [name, raw] of Object.entries(line)) {
      const value = toNumber(raw);
      if (value === undefined || NOT_METRICS.has(name)) continue;
      const { title, label, color } = place(name);
      const panel = byTitle.get(title) ?? new Map<string, Series>();
      byTitle.set(title, panel);
      const series = panel.get(label) ?? { label, color, points: [], gaps: [] };
      panel.set(label, series);
      if (Number.isFinite(value)) series.points.push([step, value]);
      else series.gaps.push(step);
    }
  }
  return [...byTitle]
    .map(([title, series]) => ({ title, series: [...series.values()].map(inOrder) }))
    .sort((a, b) => rank(a) - rank(b))
    .map(({ title, series }) => ({ title: readable(title), series }));
}

function place(name: string): { title: string; label: string; color: number } {
  const base = name.replace(VALIDATION, '');
  const heldOut = base !== name;
  for (const [title, members] of Object.entries(TOGETHER)) {
    const member = members.indexOf(base);
    if (member < 0) continue;
    const label = base.slice(base.indexOf('/') + 1);
    return {
      title,
      label: heldOut ? `${label}, held out` : label,
      color: member + (heldOut ? members.length : 0),
    };
  }
  return { title: base, label: heldOut ? 'held out' : 'training', color: heldOut ? 1 : 0 };
}

function inOrder(series: Series): Series {
  return { ...series, points: series.points.toSorted(([a], [b]) => a - b) };
}

function rank({ title, series }: Panel): number {
  const matches = (name: string) =>
    title === name || (name.endsWith('/') && title.startsWith(name)) || title.startsWith(`${name} `);
  // Where training earns rewards, they are what it is about; the loss of reinforcement learning says little.
  if (title === 'reward' && series.some(({ label }) => label === 'training')) return -1;
  const first = FIRST.findIndex(matches);
  if (first >= 0) return first;
  const last = LAST.findIndex(matches);
  return last >= 0 ? 2000 + last : 1000;
}

function readable(name: string): string {
  return name.replace('grad-norm', 'gradient norm').replaceAll('-', ' ');
}

/** Numbers, and the texts that stand for what JSON lacks. */
function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : undefined;
}

/**
 * A smoothed curve: at each point the value of a line fitted to its neighbours with tricube weights (local regression,
 * Cleveland 1979). Unlike a running average it neither lags behind nor bends at the ends.
 *
 * @param reach neighbours on each side
 */
export function smooth(points: Series['points'], reach: number): Series['points'] {
  return points.map(([step], i) => {
    let [mass, xSum, ySum, xxSum, xySum] = [0, 0, 0, 0, 0];
    for (let j = Math.max(0, i - reach); j <= Math.min(points.length - 1, i + reach); j++) {
      const x = j - i;
      const y = points[j]![1];
      const weight = (1 - Math.abs(x / (reach + 1)) ** 3) ** 3;
      mass += weight;
      xSum += weight * x;
      ySum += weight * y;
      xxSum += weight * x * x;
      xySum += weight * x * y;
    }
    const slope = (mass * xySum - xSum * ySum) / (mass * xxSum - xSum ** 2);
    return [step, (ySum - slope * xSum) / mass];
  });
}

/**
 * What a picture should show of some values: all of them but outliers, which lie further from the middle 99% than that
 * is wide. One spike would squash everything else.
 */
export function ordinaryRange(values: readonly number[]): [low: number, high: number] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const width = at(0.995) - at(0.005);
  // Where half of the values are one and the same, anything else would be an outlier.
  if (values.length < 50 || width === 0) return [sorted[0]!, sorted.at(-1)!];
  const ordinary = sorted.filter((value) => value >= at(0.005) - width && value <= at(0.995) + width);
  return [ordinary[0]!, ordinary.at(-1)!];
}

/** Whether a curve is so noisy that a smoothed one helps: its typical kink is more than half a percent of its range. */
export function isNoisy(points: Series['points']): boolean {
  const values = points.map(([, value]) => value);
  const [low, high] = ordinaryRange(values);
  const kinks = values.slice(2).map((value, i) => Math.abs(value - 2 * values[i + 1]! + values[i]!));
  const middle = kinks.sort((a, b) => a - b)[kinks.length >> 1];
  return middle !== undefined && middle > 0.005 * (high - low);
}

/** At most about `count` points: of each stretch the smallest and the largest, so that no spike disappears. */
export function thin(points: Series['points'], count: number): Series['points'] {
  if (points.length <= count) return points;
  const stretches = Math.floor(count / 2);
  return Array.from({ length: stretches }, (_, i) => {
    const from = Math.floor((i * points.length) / stretches);
    const stretch = points.slice(from, Math.floor(((i + 1) * points.length) / stretches));
    const least = stretch.reduce((a, b) => (b[1] < a[1] ? b : a));
    const most = stretch.reduce((a, b) => (b[1] > a[1] ? b : a));
    return [least, most].sort(([a], [b]) => a - b);
  }).flat();
}
