import { type Html, html, scriptJson } from './html.ts';
import { formatNumber, niceScale, type Scale } from './scale.ts';
import { isNoisy, ordinaryRange, type Panel, type Series, smooth, thin } from './series.ts';

const WIDTH = 520;
const HEIGHT = 230;
const MARGIN = { top: 10, right: 14, bottom: 26, left: 48 };
const MAX_POINTS = 500;

/** A curve needs this many points before a smoothed line helps. */
const SMOOTH_FROM = 40;

/** A picture of one panel: axes, grid, lines, and the data that the page's script needs to answer the pointer. */
export function chart({ title, series }: Panel): Html {
  const drawn = series.filter(({ points }) => points.length > 0);
  const missing = series.reduce((sum, { gaps }) => sum + gaps.length, 0);
  const body = drawn.length > 0 ? plot(title, drawn) : html`<p class="none">no finite value was recorded</p>`;
  return html`<figure class="chart">
<figcaption><span class="title">${title}</span>${legend(drawn)}</figcaption>
${body}
${missing > 0 && html`<p class="gaps">${missing} ${missing === 1 ? 'value was' : 'values were'} not finite${firstGap(series)}</p>`}
</figure>`;
}

function firstGap(series: readonly Series[]): string {
  const first = Math.min(...series.flatMap(({ gaps }) => gaps));
  return `, the first at step ${first}`;
}

function legend(series: readonly Series[]): Html {
  // The last value stands in the caption: it is what readers compare first.
  return html`<span class="legend">${series.map(
    ({ label, color, points }) =>
      html`<span class="key"><i class="swatch s${color}"></i>${series.length > 1 || label !== 'training' ? `${label} ` : ''}<b>${formatNumber(points.at(-1)![1])}</b></span>`,
  )}</span>`;
}

function plot(title: string, series: readonly Series[]): Html {
  const steps = series.flatMap(({ points }) => [points[0]![0], points.at(-1)![0]]);
  const ranges = series.map(({ points }) => ordinaryRange(points.map(([, value]) => value)));
  const xRange: [number, number] = [least(steps), most(steps)];
  const y = niceScale(least(ranges.flat()), most(ranges.flat()));
  const at = projection(xRange, y);
  const drawn = series.map(({ label, color, points }) => ({ label, color, points: lineOf(points) }));
  const raw = series
    .filter(({ points }) => isSmoothed(points))
    .map(
      ({ color, points }) => html`<path class="raw s${color}" d="${path(thin(points, MAX_POINTS), at)}"/>`,
    );
  const lines = drawn.map(
    ({ color, points }) =>
      html`<path class="line s${color}" d="${path(points, at)}"/>${dots(points, color, at)}`,
  );
  // What the page's script shows at the pointer.
  const data = {
    x: xRange,
    y: [y.low, y.high],
    series: drawn.map((line) => ({ ...line, points: rounded(line.points) })),
  };
  const id = `clip-${title.replace(/\W+/g, '-')}-${steps.join('-')}`;
  return html`<div class="plot"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${describe(title, series)}">
<clipPath id="${id}"><rect x="${MARGIN.left}" y="${MARGIN.top - 4}" width="${WIDTH - MARGIN.left - MARGIN.right + 8}" height="${HEIGHT - MARGIN.top - MARGIN.bottom + 8}"/></clipPath>
${yAxis(y, at)}${xAxis(xRange, at)}
<g clip-path="url(#${id})">${raw}${lines}</g>
<g class="pointer"></g>
</svg><div class="tip" hidden></div><script type="application/json">${scriptJson(data)}</script></div>`;
}

type Projection = (step: number, value: number) => [x: number, y: number];

function projection([first, last]: [number, number], { low, high }: Scale): Projection {
  const width = WIDTH - MARGIN.left - MARGIN.right;
  const height = HEIGHT - MARGIN.top - MARGIN.bottom;
  return (step, value) => [
    MARGIN.left + (last === first ? width / 2 : (width * (step - first)) / (last - first)),
    MARGIN.top + height * (1 - (value - low) / (high - low)),
  ];
}

function lineOf(points: Series['points']): Series['points'] {
  if (!isSmoothed(points)) return thin(points, MAX_POINTS);
  const [low, high] = ordinaryRange(points.map(([, value]) => value));
  const calm = points.map(([step, value]): [number, number] => [step, Math.min(Math.max(value, low), high)]);
  // Neighbours within a thirtieth of the run.
  return thin(smooth(calm, Math.max(4, Math.round(points.length / 30))), MAX_POINTS);
}

function isSmoothed(points: Series['points']): boolean {
  return points.length >= SMOOTH_FROM && isNoisy(points);
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), -Infinity);
}

function path(points: Series['points'], at: Projection): string {
  return points
    .map(
      ([step, value], i) =>
        `${i === 0 ? 'M' : 'L'}${at(step, value)
          .map((c) => c.toFixed(1))
          .join(' ')}`,
    )
    .join('');
}

/** A dot where the line ends; where there are few points, on each of them. */
function dots(points: Series['points'], color: number, at: Projection): Html[] {
  const shown = points.length <= 12 ? points : points.slice(-1);
  return shown.map(([step, value]) => {
    const [x, y] = at(step, value);
    return html`<circle class="dot s${color}" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3"/>`;
  });
}

function yAxis({ low, high, ticks }: Scale, at: Projection): Html[] {
  const rule = (name: string, value: number) => {
    const y = at(0, value)[1].toFixed(1);
    return html`<line class="${name}" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y}" y2="${y}"/>`;
  };
  const labels = ticks.map(
    (tick) =>
      html`<text class="tick" x="${MARGIN.left - 8}" y="${at(0, tick)[1].toFixed(1)}" dy="0.32em" text-anchor="end">${formatNumber(tick)}</text>`,
  );
  // The base, and zero where the curve crosses it, are stronger than the grid.
  const strong = low < 0 && high > 0 ? [low, 0] : [low];
  return [
    ...ticks.map((tick) => rule('grid', tick)),
    ...strong.map((value) => rule('axis', value)),
    ...labels,
  ];
}

function xAxis([first, last]: [number, number], at: Projection): Html[] {
  const inside =
    first === last
      ? [first]
      : niceScale(first, last, 5).ticks.filter(
          (tick) => tick >= first && tick <= last && Number.isInteger(tick),
        );
  return inside.map((tick, i) => {
    const x = at(tick, 0)[0].toFixed(1);
    return html`<text class="tick" x="${x}" y="${HEIGHT - 8}" text-anchor="middle">${i === inside.length - 1 ? `step ${formatNumber(tick)}` : formatNumber(tick)}</text>`;
  });
}

function rounded(points: Series['points']): Series['points'] {
  return points.map(([step, value]) => [step, Number(value.toPrecision(5))]);
}

/** The chart in words, for those who cannot see it. */
function describe(title: string, series: readonly Series[]): string {
  const parts = series.map(({ label, points }) => {
    const [from, to] = [points[0]!, points.at(-1)!];
    return `${label} from ${formatNumber(from[1])} at step ${from[0]} to ${formatNumber(to[1])} at step ${to[0]}`;
  });
  return `${title}: ${parts.join('; ')}`;
}
