/** A tokenised example. */
export interface TokenSequence {
  ids: Int32Array;
  /** 1 where a token is a target: the loss counts how well it is predicted from the tokens before it. */
  mask: Uint8Array;
}

/** Number of targets. The first token never is one: nothing comes before it. */
export function countTargets({ mask }: TokenSequence): number {
  let count = 0;
  for (let i = 1; i < mask.length; i++) count += mask[i]!;
  return count;
}

/**
 * Cuts a long text into sequences of at most `maxLength + 1` tokens for models with a context of `maxLength`.
 * Neighbours share one token, so every token but the first is a target exactly once.
 */
export function splitBlocks({ ids, mask }: TokenSequence, maxLength: number): TokenSequence[] {
  const blocks: TokenSequence[] = [];
  for (let start = 0; start + 1 < ids.length; start += maxLength) {
    const end = start + maxLength + 1;
    blocks.push({ ids: ids.subarray(start, end), mask: mask.subarray(start, end) });
  }
  return blocks;
}
