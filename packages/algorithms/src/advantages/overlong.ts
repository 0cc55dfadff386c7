import type { Rollout } from '../rollout.ts';

/**
 * Soft punishment of overlong answers (DAPO, arXiv 2503.14476 eq. 13), to be added to rewards: 0 up to
 * `maxTokens − buffer` tokens, then linearly down to −1 at `maxTokens`.
 *
 * @param buffer tokens over which the punishment grows
 * @returns one number per answer
 */
export function softOverlongPunishment(
  { logProbs, maxTokens }: Pick<Rollout, 'logProbs' | 'maxTokens'>,
  buffer: number,
): Float32Array {
  const free = maxTokens - buffer;
  return Float32Array.from(logProbs, ({ length }) =>
    length <= free ? 0 : Math.max(-1, (free - length) / buffer),
  );
}
