import type { z } from 'zod';
import { adafactor, adafactorOptions } from './adafactor.ts';
import { adam, adamOptions } from './adam.ts';
import { adamW, adamWOptions } from './adamw.ts';
import { lion, lionOptions } from './lion.ts';
import { muon, muonOptions } from './muon.ts';
import type { Optimizer } from './optimizer.ts';
import { sgd, sgdOptions } from './sgd.ts';

/** The optimizers by the word a recipe uses: their options (a zod schema) and their constructor. */
export const optimizers = {
  adamw: { options: adamWOptions, create: adamW },
  adam: { options: adamOptions, create: adam },
  sgd: { options: sgdOptions, create: sgd },
  lion: { options: lionOptions, create: lion },
  adafactor: { options: adafactorOptions, create: adafactor },
  muon: { options: muonOptions, create: muon },
} as const;

/** Word of an optimizer in a recipe. */
export type OptimizerName = keyof typeof optimizers;

/** Builds the optimizer named in `options`, e.g. `{ name: 'adamw', beta2: 0.95 }`. Throws a `ZodError` on bad options. */
export function createOptimizer({
  name,
  ...options
}: { name: OptimizerName } & Record<string, unknown>): Optimizer {
  return (optimizers[name].create as (options: z.input<z.ZodObject>) => Optimizer)(options);
}

export type { Optimizer, Slots, UpdateInput, UpdateOutput } from './optimizer.ts';
export { adafactor, adam, adamW, lion, muon, sgd };
