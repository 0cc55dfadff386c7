/** The page's style: one column, quiet grid, two palettes that follow the reader's setting. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f7f7f5; --card: #ffffff; --ink: #1b1d1f; --soft: #5d6469; --faint: #e7e7e3; --axis: #b9bdbf;
  --s0: #2563c9; --s1: #d2600c; --s2: #178265; --s3: #8a4bb8; --good: #178265; --bad: #c0392b;
  --shadow: 0 1px 2px rgb(0 0 0 / 5%), 0 4px 16px rgb(0 0 0 / 4%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #121416; --card: #1b1e21; --ink: #eceeef; --soft: #9aa3a9; --faint: #2b3034; --axis: #4b5257;
    --s0: #6ea8ff; --s1: #ff9d57; --s2: #4fd0a8; --s3: #c59bf0; --good: #4fd0a8; --bad: #ff8a7a;
    --shadow: none;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { margin: 0; font-size: 28px; line-height: 1.2; letter-spacing: -0.02em; font-weight: 650; }
h2 { margin: 40px 0 14px; font-size: 18px; letter-spacing: -0.01em; font-weight: 650; }
h3 { margin: 24px 0 10px; font-size: 14px; font-weight: 600; color: var(--soft); }
.subtitle { margin: 6px 0 0; color: var(--soft); }
.notices { margin: 16px 0 0; padding: 10px 16px 10px 34px; color: var(--soft); }
.card, .chart { background: var(--card); border: 1px solid var(--faint); border-radius: 10px; box-shadow: var(--shadow); }
.facts { display: flex; flex-wrap: wrap; gap: 12px; margin: 24px 0 0; }
.fact { padding: 12px 20px; flex: 1 1 auto; }
.fact dt { color: var(--soft); font-size: 13px; }
.fact dd { margin: 2px 0 0; font-size: 19px; font-weight: 600; letter-spacing: -0.01em; overflow-wrap: anywhere; }
.scores { overflow-x: auto; padding: 6px 20px 10px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 500; font-size: 13px; color: var(--soft); }
th, td { padding: 10px 24px 10px 0; border-bottom: 1px solid var(--faint); white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
td .value { font-size: 17px; font-weight: 600; }
td .range { color: var(--soft); font-size: 13px; margin-left: 8px; }
.meter { display: block; width: 150px; height: 6px; margin-top: 5px; border-radius: 3px; background: var(--faint); position: relative; }
.meter i { position: absolute; top: 0; bottom: 0; left: 0; border-radius: 3px; background: var(--s0); }
.meter b { position: absolute; top: -3px; bottom: -3px; border: solid var(--ink); border-width: 0 1.5px; opacity: 0.55; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 460px), 1fr)); gap: 16px; }
.chart { margin: 0; padding: 14px 16px 8px; min-width: 0; }
figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 2px 16px; margin-bottom: 6px; }
figcaption .title { font-weight: 600; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; color: var(--soft); font-size: 13px; align-items: center; }
.key { display: inline-flex; align-items: center; gap: 5px; }
.key b { color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }
.swatch { width: 12px; height: 3px; border-radius: 2px; background: currentColor; }
.plot { position: relative; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
.grid { stroke: var(--faint); } .axis { stroke: var(--axis); }
.tick { fill: var(--soft); font-size: 11px; font-variant-numeric: tabular-nums; }
path { fill: none; stroke: currentColor; stroke-linejoin: round; stroke-linecap: round; }
.line { stroke-width: 2; } .raw { stroke-width: 1; opacity: 0.22; }
.dot { fill: currentColor; stroke: var(--card); stroke-width: 1.5; }
.s0 { color: var(--s0); } .s1 { color: var(--s1); } .s2 { color: var(--s2); } .s3 { color: var(--s3); }
.pointer line { stroke: var(--axis); stroke-dasharray: 3 3; }
.tip { position: absolute; top: 0; pointer-events: none; padding: 6px 10px; border-radius: 6px; background: var(--card); border: 1px solid var(--axis); box-shadow: 0 4px 14px rgb(0 0 0 / 14%); font-size: 12px; white-space: nowrap; z-index: 1; font-variant-numeric: tabular-nums; }
.tip div { display: flex; gap: 6px; align-items: center; }
.none, .gaps { color: var(--soft); font-size: 13px; margin: 4px 0 8px; }
.gaps { color: var(--bad); }
.samples { display: grid; gap: 12px; }
.sample { padding: 14px 18px; }
.sample header { display: flex; gap: 12px; color: var(--soft); font-size: 13px; margin-bottom: 8px; }
.mark { font-weight: 600; } .mark.right { color: var(--good); } .mark.wrong { color: var(--bad); }
.text { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
.prompt { color: var(--soft); } .answer { margin-top: 8px; padding-left: 12px; border-left: 3px solid var(--s0); }
details { padding: 12px 18px; margin-top: 16px; } summary { cursor: pointer; font-weight: 600; }
pre.recipe { margin: 12px 0 4px; overflow-x: auto; font: 13px/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
footer { margin-top: 48px; color: var(--soft); font-size: 13px; }
@media print { .chart, .sample { break-inside: avoid; } }
`;
