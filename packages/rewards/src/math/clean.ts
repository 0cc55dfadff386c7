/** Units that may follow a number, in singular; an answer is the same with them and without. */
const UNITS = new Set(
  `cm mm m km meter metre centimeter centimetre millimeter millimetre kilometer kilometre inch in inche foot feet ft yard
  yd mile mi kg g mg gram kilogram pound lb ounce oz ton tonne liter litre ml l gallon quart pint cup
  second sec s minute min hour hr h day week month year yr dollar cent euro penny usd eur buck rupee yuan percent degree
  deg rad radian mph kph km/h m/s unit square cubic sq per newton joule watt volt ampere ohm pascal hertz hz kelvin
  celsius fahrenheit mole mol people person student child children apple orange book coin marble ball candy candie cookie
  ticket car point vote way time page piece item bag box boxe card game slice egg flower tree dog cat bird fish hat shirt
  shoe toy pencil pen bottle can pizza cake song word letter team player friend guest row seat table`.split(
    /\s+/,
  ),
);

const SYMBOLS: readonly [RegExp, string][] = [
  [/[−–—‐]/g, '-'],
  [/[×⋅·∗]/g, '*'],
  [/÷/g, '/'],
  [/π/g, '\\pi '],
  [/√/g, '\\sqrt '],
  [/∞/g, '\\infty '],
  [/∪/g, '\\cup '],
  [/±/g, '\\pm '],
  [/≤/g, '\\le '],
  [/≥/g, '\\ge '],
  [/≠/g, '\\ne '],
  [/∈/g, '\\in '],
  [/°/g, '\\degree '],
  [/[²]/g, '^2'],
  [/[³]/g, '^3'],
  [/½/g, '\\frac{1}{2}'],
  [/¼/g, '\\frac{1}{4}'],
  [/¾/g, '\\frac{3}{4}'],
  [/[“”]/g, '"'],
];

/** Commands that say nothing about the value. */
const LAYOUT =
  /\\(?:left|right|[bB]ig+[lr]?|displaystyle|textstyle|limits|nolimits|quad|qquad|boldsymbol|mathstrut)(?![a-zA-Z])|\\[!,;:> ]|~|&nbsp;/g;

/**
 * An answer without what does not change its value: layout, currency signs, units, a final full stop. LaTeX's ways to
 * write one thing become one.
 */
export function cleanAnswer(answer: string): string {
  let text = answer.trim();
  for (const [symbol, plain] of SYMBOLS) text = text.replace(symbol, plain);
  // 1{,}000 and 1\,000 first, while these are not just layout.
  text = text.replace(/(\d)(?:\{,\}|\\[,!]|\\ )(?=\d{3}(?!\d))/g, '$1,');
  // $5 is an amount of money, $…$ are the borders of a formula.
  text = text.replace(/\\[$£€]|[£€]/g, '').replace(/^\$+([^$]*)\$+$/s, '$1');
  text = text.replace(/^\$\s*(?=[\d.,-])/, '').replace(/\$/g, ' ');
  text = text.replace(/\\[()[\]]/g, ' ');
  text = text
    .replace(LAYOUT, ' ')
    .replace(/\\[dtc]frac/g, '\\frac')
    .replace(/\\%/g, '%')
    .replace(/\^\s*(?:\\circ|\{\s*\\circ\s*\})/g, '\\degree ')
    .replace(
      /\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mbox|operatorname|mathbb|mathcal)\s*\{([^{}]*)\}/g,
      ' $1 ',
    )
    .replace(/\\(?:cdots?|ldots|dots)(?![a-zA-Z])/g, (dots) => (dots === '\\cdot' ? '*' : '…'))
    .replace(/\b(?:and|or)\b/g, ',')
    .replace(/\s+/g, ' ')
    .trim();
  text = text.replace(/(?<=\S)\.$/, '').trim();
  return dropUnits(text);
}

/** Drops words of units from the end, and `degree`s of an angle, as long as something else is left. */
function dropUnits(text: string): string {
  let rest = text;
  for (;;) {
    const match = /^(.*[\d)}\]\s!%])\s*\b([a-zA-Z][a-zA-Z/.]*)\s*(\^\s*\{?[23]\}?)?\s*$/s.exec(rest);
    if (!match || !/\d|\\|[a-zA-Z]/.test(match[1]!)) return rest;
    const word = match[2]!.toLowerCase().replace(/\.$/, '');
    const known = UNITS.has(word) || (word.length > 2 && UNITS.has(word.replace(/s$/, '')));
    // A single letter right behind a number is a variable: 2m, 5 g; `12 m` with space is an amount.
    const apart = word.length > 1 || (/\d\s+$/.test(match[1]!) && /[mgslh]/.test(word));
    if (!known || !apart) return rest;
    // "percent" is a unit that means something.
    if (word === 'percent') return `${match[1]!.trim()}%`;
    rest = match[1]!.trim();
    if (rest === '') return text;
  }
}
