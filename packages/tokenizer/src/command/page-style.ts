const LIGHT = [210, 38, 150, 350, 275, 95].map((hue, i) => `.t${i}{background:hsl(${hue} 85% 87%)}`).join('');
const DARK = [210, 38, 150, 350, 275, 95].map((hue, i) => `.t${i}{background:hsl(${hue} 45% 28%)}`).join('');

/** The look of the page of tokens, by day and by night. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1d2127;--paper:#fff;--line:#dfe3e8;--soft:#5b6470;--bar:#7aa7e0}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--paper:#15181c;--line:#333a43;--soft:#98a2af;--bar:#4d7fc0}}
body{font:16px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1.25rem;color:var(--ink);background:var(--paper)}
body.wide{max-width:120rem}
h1{font-size:1.6rem;margin:0 0 1rem}h2{font-size:1rem;margin:1.25rem 0 .5rem;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .75rem .3rem 0;text-align:right;font-weight:400;white-space:nowrap}
th[scope=row],thead th:first-child{text-align:left}
thead th{color:var(--soft);font-size:.85rem;border-bottom:1px solid var(--line)}
.bar{width:40%;padding-right:0;text-align:left}.bar i{display:block;height:.7em;min-width:1px;border-radius:2px;background:var(--bar)}
.side{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:0 1.5rem}
pre{margin:0;padding:1rem;border:1px solid var(--line);border-radius:8px;white-space:pre-wrap;overflow-wrap:anywhere;font:15px/1.75 ui-monospace,"DejaVu Sans Mono",monospace}
pre span{border-radius:3px;padding:2px 0}pre span:hover{outline:2px solid var(--ink)}
pre .many{text-decoration:underline dotted;text-underline-offset:3px}
pre b{font-weight:400;position:relative}pre b.c{color:var(--soft)}pre b::before{position:absolute;left:0;color:var(--soft);opacity:.55}
pre b.s::before{content:"·"}pre b.t::before{content:"→"}pre b.n::before{content:"↵"}
code{border:1px solid var(--line);border-radius:4px;padding:0 .3em;font:14px ui-monospace,monospace}
.tokens{line-height:2;overflow-wrap:anywhere;margin:0}.note{color:var(--soft);font-size:.9rem}
@media(max-width:34rem){.summary .bar{display:none}}
${LIGHT}@media(prefers-color-scheme:dark){${DARK}}
`;
