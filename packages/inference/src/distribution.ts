import type { ResolvedSampling } from './sampling-options.ts';

/**
 * The sampling distribution in its readable form: sort everything, cut, renormalise. `Sampler` is the fast form.
 * Order: temperature → top-k → top-p → min-p → softmax.
 *
 * @param logits `[vocab]`, penalties already applied
 * @returns `[vocab]` probabilities, 0 for what was cut; ties are kept in the order of their ids
 */
export function samplingDistribution(logits: Float32Array, options: ResolvedSampling): Float64Array {
  const { temperature, topK, topP, minP } = options;
  const likeliestFirst = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b);
  if (temperature === 0) {
    const greedy = new Float64Array(logits.length);
    greedy[likeliestFirst[0]!] = 1;
    return greedy;
  }

  const max = logits[likeliestFirst[0]!]!;
  const weight = (id: number) => Math.exp((logits[id]! - max) / temperature);
  const total = (ids: number[]) => ids.reduce((sum, id) => sum + weight(id), 0);

  let kept = topK > 0 ? likeliestFirst.slice(0, topK) : likeliestFirst;
  if (topP < 1) {
    const wanted = topP * total(kept);
    let reached = 0;
    kept = kept.filter((id) => {
      const needed = reached < wanted;
      reached += weight(id);
      return needed;
    });
  }
  kept = kept.filter((id) => weight(id) >= minP);

  const norm = total(kept);
  const probabilities = new Float64Array(logits.length);
  for (const id of kept) probabilities[id] = weight(id) / norm;
  return probabilities;
}
