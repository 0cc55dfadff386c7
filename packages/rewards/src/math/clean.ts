import { type Amount, dollars, withoutUnits } from './units.ts';

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
 * An answer without what does not change its value: layout, currency signs, a final full stop; LaTeX's ways to write one
 * thing become one. Its unit apart.
 */
export function cleanAnswer(answer: string): Amount {
  let text = answer.trim();
  const money = /^\s*-?\s*(?:\\\$|\$[^$]*$|\$\s*\\\$)/.test(text);
  for (const [symbol, plain] of SYMBOLS) text = text.replace(symbol, plain);
  // 1{,}000 and 1\,000 first, while these are not just layout.
  text = text.replace(/^-?\d{1,3}(?: \d{3})+(?![\d/])/, (spaced) => spaced.replaceAll(' ', ''));
  text = text.replace(/(\d)(?:\{,\}|\\[,!]|\\ )(?=\d{3}(?!\d))/g, '$1,');
  // $5 is an amount of money, $…$ are the borders of a formula.
  text = text.replace(/\\[$£€]|[£€]/g, '').replace(/^\$+([^$]*)\$+$/s, '$1');
  text = text.replace(/^\$\s*(?=[\d.,-])/, '').replace(/\$/g, ' ');
  text = text.replace(/\\[()[\]]/g, ' ');
  text = text
    .replace(LAYOUT, ' ')
    .replace(/\\[dtc]frac/g, '\\frac')
    .replace(/(\d*)\.(\d*)\\(?:overline|dot)\s*(?:\{(\d{1,30})\}|(\d))/g, (_, whole, fixed, period, digit) =>
      repeatingDecimal(whole, fixed, period ?? digit),
    )
    .replace(/\{\s*([^{}]+?)\s*\\choose\s*([^{}]+?)\s*\}/g, '\\binom{$1}{$2}')
    .replace(/\\%/g, '%')
    .replace(/\^\s*(?:\\circ|\{\s*\\circ\s*\})/g, '\\degree ')
    .replace(
      /\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mbox|operatorname|mathbb|mathcal)\s*\{([^{}]*)\}/g,
      ' $1 ',
    )
    .replace(/\\(?:mathrm|mathbf|mathit|mathbb|mathcal)\s+([A-Za-z])/g, ' $1 ')
    .replace(/\\(?:cdots?|ldots|dots)(?![a-zA-Z])/g, (dots) => (dots === '\\cdot' ? '*' : '…'))
    .replace(/\b(?:and|or)\b/g, ',')
    .replace(/\s+/g, ' ')
    .trim();
  const amount = withoutUnits(text.replace(/(?<=\S)\.$/, '').trim());
  return money && !amount.unit ? { ...amount, unit: dollars } : amount;
}

/** 0.1\overline{6} and 0.1\dot6 as a fraction, in brackets. */
function repeatingDecimal(whole: string, fixed: string, period: string): string {
  const before = BigInt(`${whole}${fixed}` || '0');
  const numerator = BigInt(`${whole}${fixed}${period}`) - before;
  const denominator = (10n ** BigInt(period.length) - 1n) * 10n ** BigInt(fixed.length);
  return `(${numerator}/${denominator})`;
}
