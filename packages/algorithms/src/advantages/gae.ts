/** What `generalizedAdvantages` returns. */
export interface GeneralizedAdvantages {
  /** One per token. */
  advantages: Float64Array;
  /** What the critic should have said at each token: advantage + value. */
  returns: Float64Array;
}

/**
 * Generalized advantage estimation of one answer (J. Schulman et al., arXiv 1506.02438 eq. 16):
 * `Aₜ = Σₗ (γλ)ˡ δₜ₊ₗ` with `δₜ = rₜ + γ Vₜ₊₁ − Vₜ`; after the last token the value is 0.
 *
 * @param rewards one per token
 * @param values the critic's, one per token
 * @param gamma discount of later rewards
 * @param lambda 0: one step ahead, biased by the critic; 1: the whole answer, unbiased
 */
export function generalizedAdvantages(
  rewards: ArrayLike<number>,
  values: ArrayLike<number>,
  gamma: number,
  lambda: number,
): GeneralizedAdvantages {
  const tokens = rewards.length;
  const advantages = new Float64Array(tokens);
  const returns = new Float64Array(tokens);
  for (let t = tokens - 1, next = 0, nextValue = 0; t >= 0; t--) {
    const value = values[t]!;
    next = rewards[t]! + gamma * nextValue - value + gamma * lambda * next;
    nextValue = value;
    advantages[t] = next;
    returns[t] = next + value;
  }
  return { advantages, returns };
}
