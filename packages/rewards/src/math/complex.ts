/** A complex number: expressions are evaluated in the complex plane, where roots and logarithms always have a value. */
export type Complex = readonly [re: number, im: number];

export const add = ([a, b]: Complex, [c, d]: Complex): Complex => [a + c, b + d];
export const subtract = ([a, b]: Complex, [c, d]: Complex): Complex => [a - c, b - d];
export const negate = ([a, b]: Complex): Complex => [-a, -b];
export const multiply = ([a, b]: Complex, [c, d]: Complex): Complex =>
  // Real numbers apart: infinity times 0 would make them NaN.
  b === 0 && d === 0 ? [a * c, 0] : [a * c - b * d, a * d + b * c];
export const modulus = ([a, b]: Complex): number => (b === 0 ? Math.abs(a) : Math.hypot(a, b));

export function divide([a, b]: Complex, [c, d]: Complex): Complex {
  if (c === 0 && d === 0) return [Number.NaN, Number.NaN];
  if (d === 0) return [a / c, b === 0 ? 0 : b / c];
  const scale = c * c + d * d;
  return [(a * c + b * d) / scale, (b * c - a * d) / scale];
}

export const exp = ([a, b]: Complex): Complex =>
  b === 0 ? [Math.exp(a), 0] : [Math.exp(a) * Math.cos(b), Math.exp(a) * Math.sin(b)];

export const log = (x: Complex): Complex => [
  Math.log(modulus(x)),
  x[1] === 0 && x[0] >= 0 ? 0 : Math.atan2(x[1], x[0]),
];

export function power(base: Complex, exponent: Complex): Complex {
  const [a, b] = base;
  const [c, d] = exponent;
  if (d === 0 && b === 0 && (a >= 0 || Number.isInteger(c))) return [a ** c, 0];
  if (d === 0 && Number.isInteger(c) && Math.abs(c) <= 64) {
    let result: Complex = [1, 0];
    for (let i = 0; i < Math.abs(c); i++) result = multiply(result, base);
    return c < 0 ? divide([1, 0], result) : result;
  }
  if (a === 0 && b === 0) return [c > 0 ? 0 : Number.NaN, 0];
  return exp(multiply(exponent, log(base)));
}

export const sqrt = (x: Complex): Complex => {
  if (x[1] === 0) return x[0] >= 0 ? [Math.sqrt(x[0]), 0] : [0, Math.sqrt(-x[0])];
  return power(x, [0.5, 0]);
};

export const sin = ([a, b]: Complex): Complex => [
  Math.sin(a) * Math.cosh(b),
  b === 0 ? 0 : Math.cos(a) * Math.sinh(b),
];
export const cos = ([a, b]: Complex): Complex => [
  Math.cos(a) * Math.cosh(b),
  b === 0 ? 0 : -Math.sin(a) * Math.sinh(b),
];
