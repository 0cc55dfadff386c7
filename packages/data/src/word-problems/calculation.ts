import { mix } from '../permutation.ts';

/** Arithmetic that a problem may ask for. */
export type Operator = '+' | '-' | '*';

/** One step: what is done to the value so far. */
export interface Step {
  operator: Operator;
  operand: number;
}

/** What is to be calculated: a first number, and steps from it. */
export interface Calculation {
  start: number;
  steps: Step[];
}

/** Bounds of the numbers. */
export interface Bounds {
  /** Largest first number and summand. */
  number: number;
  /** Largest factor. */
  factor: number;
  /** Largest value on the way. */
  value: number;
}

/** Draws an integer, both ends included. */
export type Draw = (from: number, to: number) => number;

/** A counter-based stream of integers: a pure function of seed and stream. */
export function drawing(seed: number, stream: number): Draw {
  let counter = 0;
  const key = mix(mix(0x2545f491, seed), stream);
  return (from, to) => from + (mix(key, counter++) % (to - from + 1));
}

/** The value after a step. */
export function apply(value: number, { operator, operand }: Step): number {
  if (operator === '+') return value + operand;
  return operator === '-' ? value - operand : value * operand;
}

/** Draws a number for a step such that the value stays between 1 and its bound; undefined when none fits. */
export function drawStep(value: number, operator: Operator, bounds: Bounds, draw: Draw): Step | undefined {
  // From 2 on: every noun stays in the plural, and no step is idle.
  const largest = {
    '+': Math.min(bounds.number, bounds.value - value),
    '-': Math.min(bounds.number, value - 1),
    '*': Math.min(bounds.factor, Math.floor(bounds.value / value)),
  }[operator];
  return largest < 2 ? undefined : { operator, operand: draw(2, largest) };
}

/** The steps written out, a line each, and the answer after `####`, as in GSM8K. */
export function solution({ start, steps }: Calculation): string {
  let value = start;
  const lines = steps.map((step) => {
    const before = value;
    value = apply(value, step);
    return `${before} ${step.operator} ${step.operand} = ${value}`;
  });
  return [...lines, `#### ${value}`].join('\n');
}

/**
 * Which split a calculation belongs to: one in ten is held out, whatever the seed and the story around it. So no
 * held-out calculation ever occurs in training. Single steps are never held out: they are the facts that longer
 * calculations put together, and nobody can know a fact without having met it.
 */
export function splitOf({ start, steps }: Calculation): 'train' | 'test' {
  if (steps.length === 1) return 'train';
  const codes = steps.map(({ operator, operand }) => '+-*'.indexOf(operator) * 1000 + operand);
  return codes.reduce(mix, mix(0x51ed270b, start)) % 10 === 0 ? 'test' : 'train';
}
