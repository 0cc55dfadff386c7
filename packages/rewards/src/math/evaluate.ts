import type { Complex } from './complex.ts';
import * as complex from './complex.ts';
import type { Expression } from './expression.ts';

const real = (value: number): Complex => [value, 0];
const NOTHING = real(Number.NaN);

const functions: Record<string, (x: Complex, y: Complex) => Complex> = {
  '+': complex.add,
  '-': complex.subtract,
  '*': complex.multiply,
  '/': complex.divide,
  '^': complex.power,
  neg: complex.negate,
  '%': (x) => complex.divide(x, real(100)),
  degree: (x) => x,
  '!': (x) => onReal(factorial, x),
  abs: (x) => real(complex.modulus(x)),
  floor: (x) => onReal(Math.floor, x),
  ceil: (x) => onReal(Math.ceil, x),
  sqrt: complex.sqrt,
  cbrt: (x) => (x[1] === 0 ? real(Math.cbrt(x[0])) : complex.power(x, real(1 / 3))),
  root: (x, n) => complex.power(x, complex.divide(real(1), n)),
  exp: complex.exp,
  ln: complex.log,
  lg: (x) => complex.divide(complex.log(x), real(Math.LN10)),
  sin: complex.sin,
  cos: complex.cos,
  tan: (x) => complex.divide(complex.sin(x), complex.cos(x)),
  cot: (x) => complex.divide(complex.cos(x), complex.sin(x)),
  sec: (x) => complex.divide(real(1), complex.cos(x)),
  csc: (x) => complex.divide(real(1), complex.sin(x)),
  sinh: (x) => onReal(Math.sinh, x),
  cosh: (x) => onReal(Math.cosh, x),
  tanh: (x) => onReal(Math.tanh, x),
  asin: (x) => onReal(Math.asin, x),
  acos: (x) => onReal(Math.acos, x),
  atan: (x) => onReal(Math.atan, x),
  binomial: (n, k) => (n[1] === 0 && k[1] === 0 ? real(binomial(n[0], k[0])) : NOTHING),
};
const ANGLES = new Set(['sin', 'cos', 'tan', 'cot', 'sec', 'csc']);
const CONSTANTS: Record<string, Complex> = {
  pi: real(Math.PI),
  e: real(Math.E),
  i: [0, 1],
  infinity: real(Number.POSITIVE_INFINITY),
};

/**
 * The value of an expression, NaN where it has none (a text, a set, a function outside of its domain).
 * @param variables their values by name
 */
export function evaluate(expression: Expression, variables: ReadonlyMap<string, number>): Complex {
  if (expression.kind === 'number') return real(Number(expression.text));
  if (expression.kind === 'variable') return real(variables.get(expression.name) ?? Number.NaN);
  if (expression.kind !== 'call') return NOTHING;
  const { name, items } = expression;
  const constant = CONSTANTS[name];
  if (constant) return constant;
  const [x = NOTHING, y = NOTHING] = items.map((item) => evaluate(item, variables));
  if (name === 'log') {
    const base = items.length > 1 ? complex.log(y) : real(Math.LN10);
    return complex.divide(complex.log(x), base);
  }
  const [argument] = items;
  if (ANGLES.has(name) && argument?.kind === 'call' && argument.name === 'degree')
    return functions[name]!(complex.multiply(x, real(Math.PI / 180)), y);
  return functions[name]?.(x, y) ?? NOTHING;
}

function onReal(f: (x: number) => number, [re, im]: Complex): Complex {
  return im === 0 ? real(f(re)) : NOTHING;
}

function factorial(n: number): number {
  if (!Number.isInteger(n) || n < 0 || n > 170) return Number.NaN;
  let product = 1;
  for (let i = 2; i <= n; i++) product *= i;
  return product;
}

function binomial(n: number, k: number): number {
  if (!Number.isInteger(n) || !Number.isInteger(k) || k < 0 || n < k || k > 1000) return Number.NaN;
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return result;
}
