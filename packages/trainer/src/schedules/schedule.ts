import { z } from 'zod';

const common = {
  /** Steps of linear warm-up from 0; a number below 1 is a fraction of all steps. */
  warmup: z.number().min(0).default(0),
  /** The factor that the schedule falls towards. */
  floor: z.number().min(0).max(1).default(0),
};

/** Options of the learning-rate schedules, by name. */
export const scheduleOptions = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('constant'), warmup: common.warmup }),
  z.strictObject({ name: z.literal('linear'), ...common }),
  z.strictObject({ name: z.literal('cosine'), ...common }),
  z.strictObject({
    name: z.literal('wsd'),
    ...common,
    /** Steps of the final decay; a number below 1 is a fraction of all steps. */
    decay: z.number().min(0).default(0.1),
  }),
]);

/** A schedule with its options. */
export type ScheduleOptions = z.output<typeof scheduleOptions>;

/**
 * The factor on the learning rate at each step: a pure function of the step, so nothing of it needs saving.
 *
 * `constant` stays at 1; `linear` and `cosine` fall from 1 to `floor` (Loshchilov and Hutter, "SGDR", eq. 5,
 * https://arxiv.org/abs/1608.03983); `wsd`, warm-up - stable - decay, stays at 1 and falls linearly over its last
 * steps (Hu et al., "MiniCPM", eq. 1, https://arxiv.org/abs/2404.06395). Each begins with a linear warm-up whose
 * first step already has a factor above 0.
 * @param options e.g. `{ name: 'cosine', warmup: 100 }`
 * @param steps number of steps of the whole run
 * @returns factor in [0, 1] of a step counted from 0
 */
export function createSchedule(
  options: z.input<typeof scheduleOptions>,
  steps: number,
): (step: number) => number {
  const parsed = scheduleOptions.parse(options);
  const inSteps = (value: number) => (value < 1 ? Math.round(value * steps) : value);
  const warmup = inSteps(parsed.warmup);
  const decayFrom = parsed.name === 'wsd' ? Math.max(warmup, steps - inSteps(parsed.decay)) : warmup;

  return (step) => {
    if (step < warmup) return (step + 1) / warmup;
    if (parsed.name === 'constant' || step < decayFrom) return 1;
    // 1 would be the step after the last: no step of the run is wasted on a rate of 0.
    const progress = Math.min(1, (step - decayFrom) / Math.max(1, steps - decayFrom));
    const remaining = parsed.name === 'cosine' ? (1 + Math.cos(Math.PI * progress)) / 2 : 1 - progress;
    return parsed.floor + (1 - parsed.floor) * remaining;
  };
}
