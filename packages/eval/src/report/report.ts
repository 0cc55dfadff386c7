import type { Estimate } from '../metrics/intervals.ts';
import { chart } from './chart.ts';
import { Html, html } from './html.ts';
import { formatNumber } from './scale.ts';
import { SCRIPT } from './script.ts';
import { type MetricsLine, panels } from './series.ts';
import { STYLE } from './style.ts';

/** A text the model produced. */
export interface ReportSample {
  prompt: string;
  answer: string;
  step?: number;
  reward?: number;
  /** What the data says the answer is. */
  expected?: string;
}

/** One stage of training. */
export interface ReportRun {
  name: string;
  /** Lines of `metrics.jsonl` and the like; each has its `step`. */
  metrics: readonly MetricsLine[];
  /** The resolved recipe, as text. */
  recipe?: string;
  samples?: readonly ReportSample[];
}

/** Final scores of one model: a row of the table. */
export interface ReportScores {
  name: string;
  scores: Readonly<Record<string, Estimate | number>>;
}

/** Everything a report shows. */
export interface ReportContent {
  title: string;
  subtitle?: string;
  /** Short facts under the title, e.g. `{ parameters: '1.2 M', 'wall time': '94 s' }`. */
  facts?: Readonly<Record<string, string | number>>;
  /** What a reader must know beside the numbers, e.g. how many samples were left out. */
  notices?: readonly string[];
  scores?: readonly ReportScores[];
  runs: readonly ReportRun[];
}

/** Samples shown of each run, the latest. */
const SAMPLES = 8;

/**
 * A report as one self-contained page: plots drawn as inline SVG, no network, readable in light and dark, on paper and
 * without scripts. Texts of models and data are escaped.
 */
export function renderReport({
  title,
  subtitle,
  facts = {},
  notices = [],
  scores = [],
  runs,
}: ReportContent): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${subtitle !== undefined && html`<p class="subtitle">${subtitle}</p>`}
${factTiles(facts)}
${notices.length > 0 && html`<ul class="notices card">${notices.map((notice) => html`<li>${notice}</li>`)}</ul>`}
${scores.length > 0 && html`<h2>Scores</h2>${scoreTable(scores)}`}
${runs.map((run) => runSection(run, runs.length > 1))}
<footer>Written by Attune. The page needs no network.</footer>
</main>
<script>${new Html(SCRIPT)}</script>
</body>
</html>
`.text;
}

function factTiles(facts: NonNullable<ReportContent['facts']>): Html | false {
  const tiles = Object.entries(facts).map(
    ([name, value]) =>
      html`<div class="fact card"><dt>${name}</dt><dd>${typeof value === 'number' ? formatNumber(value) : value}</dd></div>`,
  );
  return tiles.length > 0 && html`<dl class="facts">${tiles}</dl>`;
}

function scoreTable(rows: readonly ReportScores[]): Html {
  const columns = [...new Set(rows.flatMap(({ scores }) => Object.keys(scores)))];
  return html`<div class="scores card"><table>
<thead><tr><th></th>${columns.map((name) => html`<th>${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    ({ name, scores }) =>
      html`<tr><td>${name}</td>${columns.map((column) => html`<td>${scoreCell(scores[column])}</td>`)}</tr>`,
  )}</tbody>
</table></div>`;
}

function scoreCell(score: Estimate | number | undefined): Html | string {
  if (score === undefined) return '–';
  if (typeof score === 'number') return html`<span class="value">${formatNumber(score)}</span>`;
  const { value, low, high } = score;
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  const width = (share: number) => `${(100 * Math.min(Math.max(share, 0), 1)).toFixed(1)}%`;
  return html`<span class="value">${percent(value)}</span><span class="range">${percent(low)} – ${percent(high)}</span>
<span class="meter"><i style="width: ${width(value)}"></i><b style="left: ${width(low)}; width: ${width(high - low)}"></b></span>`;
}

function runSection({ name, metrics, recipe, samples = [] }: ReportRun, named: boolean): Html {
  const pictures = panels(metrics);
  return html`<section>
${named && html`<h2>${name}</h2>`}
${
  pictures.length > 0
    ? html`<div class="charts">${pictures.map(chart)}</div>`
    : html`<p class="none">No metrics were recorded.</p>`
}
${samples.length > 0 && html`<h3>Samples</h3><div class="samples">${samples.slice(-SAMPLES).map(sampleCard)}</div>`}
${recipe !== undefined && html`<details class="card"><summary>Recipe</summary><pre class="recipe">${recipe}</pre></details>`}
</section>`;
}

function sampleCard({ prompt, answer, step, reward, expected }: ReportSample): Html {
  const right = reward !== undefined && reward > 0;
  const notes = [
    step !== undefined && html`<span>step ${step}</span>`,
    reward !== undefined &&
      html`<span class="mark ${right ? 'right' : 'wrong'}">${right ? '✓' : '✗'} reward ${formatNumber(reward)}</span>`,
    expected !== undefined && html`<span>expected ${expected}</span>`,
  ].filter((note) => note !== false);
  return html`<article class="sample card">${notes.length > 0 && html`<header>${notes}</header>`}
<p class="text prompt">${prompt}</p><p class="text answer">${answer}</p></article>`;
}
