/**
 * Checks that a prompt can be answered at all.
 *
 * @param name how errors call the prompt
 * @throws Error when it is empty, leaves no room in the context, or holds an id outside the vocabulary
 */
export function checkPrompt(
  ids: readonly number[],
  { vocabSize, contextLength }: { vocabSize: number; contextLength: number },
  name = 'prompt',
): void {
  if (ids.length === 0) throw new Error(`${name} must have at least one token, found none`);
  if (ids.length >= contextLength) {
    throw new Error(
      `${name} has ${ids.length} tokens, but the model's context holds ${contextLength} and the answer needs at least one of them: shorten the prompt`,
    );
  }
  for (const id of ids) {
    if (!Number.isInteger(id) || id < 0 || id >= vocabSize) {
      throw new Error(
        `${name} holds the token id ${id}, but the model's vocabulary ends at ${vocabSize - 1}: was it encoded with another tokenizer?`,
      );
    }
  }
}
