import type { Bin, Histogram } from './histogram.ts';
import type { ColumnProfile, DatasetProfile } from './profile.ts';
import type { RenderedSample } from './render-sample.ts';

const BAR = 36;

/** How a report is printed. */
export interface ReportOptions {
  /** Mark targets by colour; else by ⟦ and ⟧. */
  color: boolean;
  /** Rows that could not be read, and the first reasons. */
  skipped: { count: number; first: string[] };
}

/** What a dataset holds, for the terminal. */
export function reportText(
  title: string,
  profile: DatasetProfile,
  { color, skipped }: ReportOptions,
): string {
  const { rows, columns, format, formatProblem, unfit, unfitReasons, kinds, samples } = profile;
  const paint = (code: string, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const heading = (text: string) => `\n${paint('1', text)}`;
  const lines = [`${paint('1', title)}: ${whole(rows)} rows`];
  if (skipped.count > 0)
    lines.push(
      `${whole(skipped.count)} could not be read, the first:`,
      ...skipped.first.map((each) => `  ${each}`),
    );
  if (format)
    lines.push(
      `format ${format}: ${
        Object.entries(kinds)
          .map(([kind, n]) => `${whole(n)} ${kind}`)
          .join(', ') || 'no examples'
      }`,
    );
  else if (formatProblem) lines.push(formatProblem.split('\n')[0]!.replace(/ to one of$/, ''));
  if (unfit > 0) lines.push(`${whole(unfit)} rows do not fit:`, ...unfitReasons.map((each) => `  ${each}`));
  if (profile.refused > 0)
    lines.push(`the template refused ${whole(profile.refused)}, the first: ${profile.refusal}`);
  lines.push(heading('columns'), ...schema(columns));
  if (profile.lengths.count > 0)
    lines.push(
      heading(`length of examples in ${profile.lengthUnit}`),
      ...bars(profile.lengths),
      ...(profile.targets.count > 0
        ? [
            `targets: ${whole(profile.targets.sum)} of ${whole(profile.lengths.sum)} (${percent(profile.targets.sum / profile.lengths.sum)})`,
          ]
        : []),
    );
  const durations = columns.find(isDuration);
  if (durations)
    lines.push(
      heading(`${durations.name}: ${(durations.histogram.sum / 3600).toFixed(1)} hours if these are seconds`),
      ...bars(durations.histogram),
    );
  const length = profile.lengths.count === 0 ? columns.find(({ unit }) => unit === 'characters') : undefined;
  if (length) lines.push(heading(`${length.name}: length in characters`), ...bars(length.histogram));
  for (const { row, rendered, problem } of samples) {
    lines.push(heading(`row ${row}`), ...(problem ? [problem] : []));
    for (const sample of rendered) lines.push(sampleText(sample, color));
  }
  return lines.join('\n');
}

/** Whether a column holds seconds, by its name. */
export function isDuration({ name, unit }: ColumnProfile): boolean {
  return unit === 'value' && /^(duration|seconds)$/i.test(name);
}

function schema(columns: readonly ColumnProfile[]): string[] {
  const cells = columns.map((column) => [
    column.name,
    typesText(column),
    column.missing > 0 ? `${whole(column.missing)} missing` : '',
    rangeText(column),
  ]);
  const widths = [0, 1, 2].map((i) => Math.min(40, Math.max(...cells.map((row) => row[i]!.length), 0)));
  return cells.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd());
}

/** Types of a column; with their counts where there are several. */
export function typesText({ types }: ColumnProfile): string {
  const entries = Object.entries(types).sort((a, b) => b[1] - a[1]);
  if (entries.length === 1) return entries[0]![0];
  const shown = entries.slice(0, 3).map(([type, count]) => `${type} ×${whole(count)}`);
  return [...shown, ...(entries.length > 3 ? [`${entries.length - 3} more`] : [])].join(', ');
}

/** What a column's values span. */
export function rangeText({ histogram, unit, negative, notFinite }: ColumnProfile): string {
  const problems = [
    ...(negative > 0 ? [`${whole(negative)} below 0`] : []),
    ...(notFinite > 0 ? [`${whole(notFinite)} not finite`] : []),
  ];
  if (histogram.count === 0) return problems.join(', ');
  const { min, max } = histogram;
  const span =
    min === max ? short(min) : `${short(min)} to ${short(max)}, median ~${short(histogram.quantile(0.5))}`;
  return [unit === 'value' ? span : `${span} ${unit}`, ...problems].join(', ');
}

/** A histogram as lines of bars. */
function bars(histogram: Histogram): string[] {
  const bins = histogram.bins(1);
  const most = Math.max(...bins.map(({ count }) => count));
  const label = (bin: Bin) => binText(bin, histogram.whole, '–');
  const width = Math.max(...bins.map((bin) => label(bin).length));
  const lines = bins.map((bin) => {
    const eighths = Math.round((8 * BAR * bin.count) / most);
    const bar = '█'.repeat(eighths >> 3) + (' ▏▎▍▌▋▊▉'[eighths & 7] ?? '').trim();
    return `  ${label(bin).padStart(width)} ${bar.padEnd(BAR)} ${whole(bin.count)}`;
  });
  return [...lines, `  ${quantiles(histogram)}`];
}

/** The values of a bin in words. */
export function binText({ from, to }: Bin, integers: boolean, between: string): string {
  if (!integers) return `${short(from)}${between}${short(to)}`;
  return to - from <= 1 ? whole(from) : `${whole(from)}${between}${whole(to - 1)}`;
}

/** Mean and quantiles of a histogram in words. */
export function quantiles(histogram: Histogram): string {
  const at = (share: number) => short(histogram.quantile(share));
  return `mean ${short(histogram.mean)}, median ~${at(0.5)}, 90% ~${at(0.9)}, 99% ~${at(0.99)}, longest ${short(histogram.max)}`;
}

function sampleText({ title, parts }: RenderedSample, color: boolean): string {
  // What a terminal would act on is shown instead.
  const visible = (text: string) =>
    text.replace(/(?![\n\t])\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
  const shown = parts.map(({ text, target }) => {
    if (!color) return target ? `⟦${visible(text)}⟧` : visible(text);
    return `\u001b[${target ? '32' : '2'}m${visible(text)}\u001b[0m`;
  });
  return `${title === '' ? '' : `— ${title}\n`}${shown.join('')}`;
}

export const whole = (value: number) => Math.round(value).toLocaleString('en-US');
const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
export const short = (value: number) =>
  Number.isInteger(value) ? whole(value) : value >= 100 ? whole(value) : String(Number(value.toPrecision(3)));
