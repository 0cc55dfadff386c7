import type { GenerateRequest, LanguageModel, TaskPrompt } from '@attune/eval';
import { generate, type Pretrained, type ScoredSequence, scoreSequences } from '@attune/inference';

/** How a model is asked. */
export interface LanguageModelOptions {
  /** Continue prompts as they are, instead of as the user's turn. Default false. */
  raw?: boolean;
  /** Most tokens of an answer where the task does not say. Default 512. */
  maxNewTokens?: number;
  /** Texts longer than the context are scored in windows that move by this many tokens; default: the context. */
  stride?: number;
}

/** A model folder as evaluation wants it. */
export function languageModel(pretrained: Pretrained, options: LanguageModelOptions = {}): LanguageModel {
  const { model, tokenizer, text, stopIds, prompts } = pretrained;
  const { raw = false, maxNewTokens: mostTokens = 512 } = options;
  const context = model.config.max_position_embeddings;
  const stride = Math.min(options.stride ?? context, context);
  const encode = (prompt: TaskPrompt): number[] =>
    raw && typeof prompt === 'string' ? tokenizer.encodeIds(prompt) : prompts.encode(prompt);

  return {
    async generate(asked, { n, firstPrompt, maxNewTokens = mostTokens, ...sampling }: GenerateRequest) {
      const generations = await generate(model, asked.map(encode), {
        ...sampling,
        n,
        maxNewTokens,
        stopIds,
        tokenizer: text,
        firstCounter: firstPrompt * n,
      });
      return asked.map((_, prompt) =>
        generations.slice(prompt * n, (prompt + 1) * n).map((answer) => answer.text!),
      );
    },

    async logLikelihood(requests) {
      const windows = requests.map(({ prompt, completion }) => {
        const before = prompt === '' ? [] : encode(prompt);
        const after = tokenizer.encodeIds(completion, { addSpecialTokens: before.length === 0 });
        // Nothing comes before the first token of a text, so nothing can be said about it.
        return slidingWindows([...before, ...after], Math.max(1, before.length), { context, stride });
      });
      const scores = await scoreSequences(model, windows.flat());
      return windows.map((own) => {
        const logProbs = scores.splice(0, own.length).flatMap((part) => Array.from(part));
        return { logProb: logProbs.reduce((sum, p) => sum + p, 0), tokens: logProbs.length };
      });
    },
  };
}

/**
 * Windows that fit the context and together score every token from `from` on exactly once. The first scores as many
 * as fit, each later one the next `stride` tokens.
 */
export function slidingWindows(
  ids: readonly number[],
  from: number,
  { context, stride }: { context: number; stride: number },
): ScoredSequence[] {
  const windows: ScoredSequence[] = [];
  let scored = from;
  while (scored < ids.length) {
    const reach = windows.length === 0 ? Math.max(context + 1, from + 1) : scored + stride;
    const end = Math.min(ids.length, reach);
    const start = Math.max(0, end - 1 - context);
    windows.push({ ids: ids.slice(start, end), from: scored - start });
    scored = end;
  }
  return windows;
}
