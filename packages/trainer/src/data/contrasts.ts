import type { TokenSequence } from '@attune/data';
import { UserError } from '../errors.ts';
import type { EncodedExample } from './codec.ts';

/** Sequences that an algorithm wants beside an example's own. */
export interface Contrasts {
  /** The answer of another prompt: KTO estimates the KL divergence from such (`needs.mismatched`). */
  mismatched?: boolean;
  /** The chosen answer after a corrupted prompt: mDPO's anchor (`needs.corrupted`). */
  corrupted?: boolean;
}

/**
 * Adds to each example the sequences that its algorithm compares it with.
 * @param maxLength longest sequence in tokens
 * @throws UserError when all examples have the same prompt, so that there is no other's answer
 */
export function addContrasts(
  examples: readonly EncodedExample[],
  { mismatched = false, corrupted = false }: Contrasts,
  maxLength: number,
): EncodedExample[] {
  const added = (example: EncodedExample, place: number): readonly TokenSequence[] => {
    const own = example.sequences[0]!;
    if (mismatched) return [joined(promptOf(own), answerOf(strangerOf(examples, place)), maxLength)];
    return corrupted ? [joined(cropped(promptOf(own)), answerOf(own), maxLength)] : [];
  };
  return examples.map((example, place) => ({
    ...example,
    sequences: [...example.sequences, ...added(example, place)],
  }));
}

/** The next example's sequence that answers another prompt. */
function strangerOf(examples: readonly EncodedExample[], place: number): TokenSequence {
  const prompt = String(promptOf(examples[place]!.sequences[0]!));
  for (let step = 1; step < examples.length; step++) {
    const other = examples[(place + step) % examples.length]!.sequences[0]!;
    if (String(promptOf(other)) !== prompt) return other;
  }
  throw new UserError(
    `${examples[place]!.name}: the algorithm compares answers with those of other prompts, and all ${examples.length} examples have this one; give it data of several prompts`,
  );
}

function promptOf({ ids, mask }: TokenSequence): Int32Array {
  return ids.subarray(0, Math.max(1, mask.indexOf(1)));
}

function answerOf({ ids, mask }: TokenSequence): TokenSequence {
  const start = Math.max(1, mask.indexOf(1));
  return { ids: ids.subarray(start), mask: mask.subarray(start) };
}

/** What a text has in the place of a crop of an image: the prompt's second half alone. */
function cropped(prompt: Int32Array): Int32Array {
  return prompt.subarray(Math.floor(prompt.length / 2));
}

/** A long prompt loses its beginning, so that some of the answer always stays. */
function joined(prompt: Int32Array, answer: TokenSequence, maxLength: number): TokenSequence {
  const kept = prompt.subarray(Math.max(0, prompt.length - (maxLength - 1)));
  const length = Math.min(kept.length + answer.ids.length, maxLength);
  const ids = new Int32Array(length);
  const mask = new Uint8Array(length);
  ids.set(kept);
  ids.set(answer.ids.subarray(0, length - kept.length), kept.length);
  mask.set(answer.mask.subarray(0, length - kept.length), kept.length);
  return { ids, mask };
}
