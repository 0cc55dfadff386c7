/**
 * Discounted sum of this and all later rewards of one answer, `Gₜ = rₜ + γ Gₜ₊₁`.
 *
 * @param rewards one per token
 * @returns one per token
 */
export function discountedReturns(rewards: ArrayLike<number>, gamma = 1): Float64Array {
  const returns = new Float64Array(rewards.length);
  for (let t = rewards.length - 1, next = 0; t >= 0; t--) {
    next = rewards[t]! + gamma * next;
    returns[t] = next;
  }
  return returns;
}
