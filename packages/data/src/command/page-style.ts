/** The report's style: one column, figures side by side where there is room, light or dark as the reader has it. */
export const STYLE = `
:root { color-scheme: light dark; --page: #f7f7f5; --card: #fff; --ink: #1b1d1f; --soft: #5d6469; --line: #dcdcd8;
  --bar: #2563c9; --mark: #d6f0df; --mark-ink: #0d5132; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --page: #121416; --card: #1b1e21; --ink: #eceeef; --soft: #9aa3a9;
  --line: #34393d; --bar: #6ea8ff; --mark: #173a29; --mark-ink: #9be8bf; --bad: #ff8a7a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 32px 20px 64px; max-width: 1040px; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 24px; margin: 0 0 16px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 36px 0 12px; }
h3 { font-size: 15px; margin: 20px 0 6px; }
h4 { font-size: 13px; margin: 10px 0 4px; color: var(--soft); font-weight: 600; }
.facts { display: flex; flex-wrap: wrap; gap: 12px; margin: 0; }
.facts div { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px 16px; }
dt { color: var(--soft); font-size: 13px; } dd { margin: 0; font-size: 20px; font-variant-numeric: tabular-nums; }
.problems { color: var(--bad); padding-left: 20px; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 7px 14px; border-bottom: 1px solid var(--line); font-weight: normal; vertical-align: top; }
thead th { color: var(--soft); font-size: 13px; } tbody th { font-weight: 600; } tbody tr:last-child > * { border: 0; }
.number { font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 380px), 1fr)); gap: 16px; }
figure { margin: 0; padding: 14px 16px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
figcaption { font-weight: 600; margin-bottom: 8px; overflow-wrap: anywhere; }
svg { width: 100%; display: block; } svg line { stroke: var(--line); } svg text { fill: var(--soft); font-size: 11px; text-anchor: middle; }
.bar { fill: var(--bar); } .hit { fill: transparent; } g:hover .bar { opacity: .65; }
.note { color: var(--soft); font-size: 13px; margin: 6px 0 0; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; margin: 0; color: var(--soft);
  white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.55 ui-monospace, monospace; }
mark { background: var(--mark); color: var(--mark-ink); border-radius: 3px; padding: 1px 0; }
`;
