import { type Complex, modulus, subtract } from './complex.ts';
import { evaluate } from './evaluate.ts';
import { type Expression, someExpression } from './expression.ts';

/** Points at which expressions with variables are compared. */
const POINTS = 8;
/** Relative difference of what is exact but for rounding. */
const ROUNDING = 1e-9;
/**
 * Differences with a decimal fraction: six digits, and six places behind the point. 0.333333 is a third, 0.3333 is not, and
 * 1000001.0 is no million.
 */
const DIGITS = 1.5e-6;
const PLACES = 5.1e-7;

/**
 * Whether two expressions have the same value: as it is without variables, at seeded points with them. Points where
 * both have no value are skipped, but three must be left.
 */
export function sameValue(a: Expression, b: Expression): boolean {
  if (isInteger(a) && isInteger(b)) return BigInt(a.text) === BigInt(b.text);
  const names = [...new Set([...variables(a), ...variables(b)])].sort();
  const decimal = [a, b].some((side) => someExpression(side, isDecimal));
  if (names.length === 0) {
    const [x, y] = [evaluate(a, new Map()), evaluate(b, new Map())];
    if (!isInfinite(x)) return close(x, y, decimal);
    if (x[0] !== y[0]) return false;
    if ([a, b].every((side) => someExpression(side, isInfinity))) return true;
    // Both are too large for a number: 2^{2000}.
    const [p, q] = [logarithm(a), logarithm(b)];
    return p === undefined || q === undefined
      ? JSON.stringify(a) === JSON.stringify(b)
      : Math.abs(p - q) <= 1e-12 * Math.max(p, q);
  }
  let compared = 0;
  for (let point = 0; point < POINTS; point++) {
    const values = pointOf(names, point);
    const [x, y] = [evaluate(a, values), evaluate(b, values)];
    if (!finite(x) && !finite(y)) continue;
    if (!close(x, y, decimal)) return false;
    compared++;
  }
  return compared >= 3;
}

/** The natural logarithm of products and powers of positive numbers; undefined for anything else. */
function logarithm(expression: Expression): number | undefined {
  if (expression.kind !== 'call' || !['*', '/', '^'].includes(expression.name)) {
    const [value, im] = evaluate(expression, new Map());
    return value > 0 && Number.isFinite(value) && im === 0 ? Math.log(value) : undefined;
  }
  const [left, right] = expression.items as [Expression, Expression];
  const p = logarithm(left);
  if (p === undefined) return undefined;
  if (expression.name === '^') {
    const [exponent, im] = evaluate(right, new Map());
    return Number.isFinite(exponent) && im === 0 ? p * exponent : undefined;
  }
  const q = logarithm(right);
  if (q === undefined) return undefined;
  return expression.name === '*' ? p + q : p - q;
}

/**
 * Whether one expression is a constant multiple of the other, as the two sides of the same equation moved around are.
 * @returns that constant, NaN when there is none
 */
export function constantRatio(a: Expression, b: Expression): number {
  const names = [...new Set([...variables(a), ...variables(b)])].sort();
  let ratio = Number.NaN;
  for (let point = 0; point < POINTS; point++) {
    const values = pointOf(names, point);
    const [x, y] = [evaluate(a, values), evaluate(b, values)];
    if (!finite(x) || !finite(y) || modulus(y) < 1e-12 || Math.abs(x[1]) + Math.abs(y[1]) > 1e-9) continue;
    const own = x[0] / y[0];
    if (Math.abs(own) < 1e-12) return Number.NaN;
    if (Number.isNaN(ratio)) ratio = own;
    else if (Math.abs(own - ratio) > 1e-7 * Math.abs(ratio)) return Number.NaN;
  }
  return ratio;
}

/** Names of the variables in an expression. */
export function variables(expression: Expression): Set<string> {
  const names = new Set<string>();
  someExpression(expression, (part) => {
    if (part.kind === 'variable') names.add(part.name);
    return false;
  });
  return names;
}

/** Values for the variables: positive at the first half of the points, of either sign at the others. */
function pointOf(names: readonly string[], point: number): Map<string, number> {
  return new Map(
    names.map((name, i) => {
      const x = uniform(point * 1009 + i);
      return [name, point < POINTS / 2 ? 0.3 + 2 * x : -2.3 + 4.6 * x];
    }),
  );
}

/** A number in [0, 1) that depends on the seed alone (an integer hash). */
function uniform(seed: number): number {
  let h = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  h = Math.imul(h ^ (h >>> 15), 0x85ebca77) >>> 0;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae3d) >>> 0;
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

const isInteger = (e: Expression): e is Expression & { kind: 'number' } =>
  e.kind === 'number' && /^\d+$/.test(e.text);
const isInfinity = (e: Expression) => e.kind === 'call' && e.name === 'infinity';
const isDecimal = (e: Expression) => e.kind === 'number' && e.text.includes('.');
const finite = ([re, im]: Complex) => Number.isFinite(re) && Number.isFinite(im);
const isInfinite = ([re, im]: Complex) => Math.abs(re) === Number.POSITIVE_INFINITY && im === 0;

function close(x: Complex, y: Complex, decimal: boolean): boolean {
  if (!finite(x) || !finite(y)) return false;
  const difference = modulus(subtract(x, y));
  const size = Math.max(modulus(x), modulus(y));
  const digits = decimal ? Math.min(PLACES, DIGITS * size) : 0;
  // Near 0 only rounding of the terms that cancelled is left.
  return difference <= Math.max(digits, ROUNDING * size, 1e-12);
}
