/** How the next token is drawn from the model's logits. Every field has the value that changes nothing as default. */
export interface SamplingOptions {
  /** Logits are divided by it; 0 takes the likeliest token. At least 0, default 1. */
  temperature?: number;
  /** Keep only the `topK` likeliest tokens; 0 (default) keeps all. */
  topK?: number;
  /** Keep the fewest likeliest tokens whose probability reaches `topP`; in (0, 1], default 1. Holtzman et al. 2019, eq. 2. */
  topP?: number;
  /** Keep tokens at least `minP` times as likely as the likeliest; in [0, 1], default 0. Nguyen et al. 2024, section 3. */
  minP?: number;
  /** Divides positive logits and multiplies negative ones of every token seen so far, prompt included; default 1. Keskar et al. 2019, section 4.1. */
  repetitionPenalty?: number;
  /** Subtracted from the logit of every token generated so far; default 0. */
  presencePenalty?: number;
  /** Subtracted from a generated token's logit once per occurrence; default 0. */
  frequencyPenalty?: number;
  /** Added to the logits of these token ids; −100 forbids in practice. */
  logitBias?: Readonly<Record<number, number>>;
  /** An integer from 0 to 2^53 − 1, default 0. Together with a sample's index and a token's position it fixes the draw. */
  seed?: number;
}

/** Sampling options with every default filled in. */
export type ResolvedSampling = Required<SamplingOptions>;

/** The values that leave the model's distribution as it is. */
export const SAMPLING_DEFAULTS: ResolvedSampling = {
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  logitBias: {},
  seed: 0,
};

/**
 * Fills in the defaults and checks every range.
 *
 * @throws Error naming the option, its value and its range
 */
export function resolveSampling(options: SamplingOptions = {}): ResolvedSampling {
  const resolved = { ...SAMPLING_DEFAULTS };
  for (const name of Object.keys(SAMPLING_DEFAULTS) as (keyof SamplingOptions)[]) {
    if (options[name] !== undefined) Object.assign(resolved, { [name]: options[name] });
  }
  const { temperature, topK, topP, minP, repetitionPenalty, presencePenalty, frequencyPenalty, seed } =
    resolved;
  check('temperature', temperature, temperature >= 0 && temperature < Infinity, 'at least 0');
  check('topK', topK, Number.isInteger(topK) && topK >= 0, 'a whole number, 0 to keep every token');
  check('topP', topP, topP > 0 && topP <= 1, 'above 0 and at most 1');
  check('minP', minP, minP >= 0 && minP <= 1, 'between 0 and 1');
  check(
    'repetitionPenalty',
    repetitionPenalty,
    repetitionPenalty > 0 && repetitionPenalty < Infinity,
    'above 0',
  );
  check('presencePenalty', presencePenalty, Number.isFinite(presencePenalty), 'a number');
  check('frequencyPenalty', frequencyPenalty, Number.isFinite(frequencyPenalty), 'a number');
  check('seed', seed, Number.isSafeInteger(seed) && seed >= 0, 'a whole number from 0 to 2^53 - 1');
  for (const [id, bias] of Object.entries(resolved.logitBias)) {
    check(`logitBias[${id}]`, bias, /^\d+$/.test(id) && Number.isFinite(bias), 'token id: number');
  }
  return resolved;
}

function check(name: string, value: number, holds: boolean, wanted: string): void {
  if (!holds) throw new Error(`${name} must be ${wanted}, found ${value}`);
}
