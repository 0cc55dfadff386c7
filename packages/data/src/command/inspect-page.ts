import type { Bin, Histogram } from './histogram.ts';
import {
  binText,
  isDuration,
  quantiles,
  type ReportOptions,
  rangeText,
  short,
  typesText,
  whole,
} from './inspect-text.ts';
import { STYLE } from './page-style.ts';
import type { ColumnProfile, DatasetProfile } from './profile.ts';
import type { RenderedSample } from './render-sample.ts';

/** Characters of a sample that are shown. */
const SHOWN = 6000;

const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** What a dataset holds, as a page that needs nothing else. */
export function reportPage(
  title: string,
  profile: DatasetProfile,
  { skipped }: Pick<ReportOptions, 'skipped'>,
): string {
  const { rows, columns, format, formatProblem, unfit, unfitReasons, kinds, lengths, targets } = profile;
  const facts: [string, string][] = [
    ['rows', whole(rows)],
    ['format', format ?? 'none that is known'],
    ...Object.entries(kinds).map(([kind, count]): [string, string] => [kind, whole(count)]),
  ];
  if (lengths.count > 0) facts.push([profile.lengthUnit, whole(lengths.sum)]);
  if (targets.count > 0)
    facts.push([`${profile.lengthUnit} learnt`, `${((100 * targets.sum) / lengths.sum).toFixed(1)}%`]);
  const problems = [
    ...(skipped.count > 0 ? [`${whole(skipped.count)} rows could not be read`, ...skipped.first] : []),
    ...(formatProblem ? [formatProblem.split('\n')[0]!.replace(/ to one of$/, '')] : []),
    ...(unfit > 0 ? [`${whole(unfit)} rows do not fit the format`, ...unfitReasons] : []),
    ...(profile.refusal ? [`The template refused ${whole(profile.refused)}: ${profile.refusal}`] : []),
  ];
  const charts = [
    ...(lengths.count > 0 ? [figure(`Examples, ${profile.lengthUnit}`, lengths)] : []),
    ...(targets.count > 0 ? [figure(`What is learnt, ${profile.lengthUnit}`, targets)] : []),
    ...columns.filter(({ histogram }) => histogram.count > 0).map(columnFigure),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>
<h1>${escapeHtml(title)}</h1>
<dl class="facts">${facts.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>
${problems.length > 0 ? `<ul class="problems">${problems.map((each) => `<li>${escapeHtml(each)}</li>`).join('')}</ul>` : ''}
<h2>Columns</h2>
<div class="scroll"><table><thead><tr><th scope="col">column</th><th scope="col">type</th><th scope="col">filled</th><th scope="col">values</th></tr></thead><tbody>${columns
    .map(
      (column) =>
        `<tr><th scope="row">${escapeHtml(column.name)}</th><td>${escapeHtml(typesText(column))}</td><td class="number">${filled(column, rows)}</td><td>${escapeHtml(rangeText(column))}</td></tr>`,
    )
    .join('')}</tbody></table></div>
<h2>Lengths and values</h2>
<div class="charts">${charts.join('\n')}</div>
<h2>Samples</h2>
<p class="note"><mark>Marked text</mark> is what the model learns to produce; the rest is given to it.</p>
${profile.samples.map(({ row, rendered, problem }) => `<section><h3>row ${whole(row)}</h3>${problem ? `<p class="problems">${escapeHtml(problem)}</p>` : ''}${rendered.map(sample).join('\n')}</section>`).join('\n')}
</body></html>
`;
}

function filled({ missing }: ColumnProfile, rows: number): string {
  if (missing === 0) return '100%';
  const share = ((100 * (rows - missing)) / rows).toFixed(1);
  return `${share === '100.0' ? '> 99.9' : share}%`;
}

function columnFigure(column: ColumnProfile): string {
  const hours = isDuration(column)
    ? `, ${short(column.histogram.sum / 3600)} hours if these are seconds`
    : '';
  return figure(
    `${column.name}${column.unit === 'value' ? '' : `, ${column.unit}`}${hours}`,
    column.histogram,
  );
}

const WIDTH = 460;
const HEIGHT = 150;
const FOOT = 18;

/** A histogram over an axis on which each doubling takes the same room. */
function figure(title: string, histogram: Histogram): string {
  const coarse = histogram.bins(1);
  const bins = histogram.bins(coarse.length <= 8 ? 4 : 2);
  const most = Math.max(...bins.map(({ count }) => count));
  const step = WIDTH / bins.length;
  const every = Math.ceil(bins.length / 8);
  const label = (bin: Bin) => binText(bin, histogram.whole, ' to ');
  const bars = bins.map((bin, i) => {
    const height = bin.count === 0 ? 0 : Math.max(1, (HEIGHT * bin.count) / most);
    const x = (i * step).toFixed(1);
    const tick =
      i % every === 0 && (i + 0.5) * step < WIDTH - 16
        ? `<text x="${(i * step + step / 2).toFixed(1)}" y="${HEIGHT + FOOT - 4}">${short(bin.from)}</text>`
        : '';
    return `<g><title>${label(bin)}: ${whole(bin.count)}</title><rect class="hit" x="${x}" y="0" width="${step.toFixed(1)}" height="${HEIGHT}"/><rect class="bar" x="${(i * step + 1).toFixed(1)}" y="${(HEIGHT - height).toFixed(1)}" width="${Math.max(1, step - 2).toFixed(1)}" height="${height.toFixed(1)}"/>${tick}</g>`;
  });
  return `<figure><figcaption>${escapeHtml(title)}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT + FOOT}" role="img" aria-label="${escapeHtml(`${title}: ${quantiles(histogram)}`)}"><line x1="0" x2="${WIDTH}" y1="${HEIGHT}" y2="${HEIGHT}"/>${bars.join('')}</svg>
<p class="note">${escapeHtml(quantiles(histogram))}</p></figure>`;
}

function sample({ title, parts }: RenderedSample): string {
  let left = SHOWN;
  const shown = parts.map(({ text, target }) => {
    const part = text.slice(0, Math.max(0, left));
    left -= text.length;
    return target ? `<mark>${escapeHtml(part)}</mark>` : escapeHtml(part);
  });
  const cut = left < 0 ? `<p class="note">${whole(-left)} more characters</p>` : '';
  return `${title === '' ? '' : `<h4>${escapeHtml(title)}</h4>`}<pre>${shown.join('')}</pre>${cut}`;
}
