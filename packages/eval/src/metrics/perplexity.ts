import type { LanguageModel } from '../language-model.ts';

/** How well a model predicts texts. */
export interface PerplexityResult {
  /** exp of the mean negative log-likelihood a token; depends on the tokenizer. */
  perplexity: number;
  /** Bits a UTF-8 byte; comparable across tokenizers. */
  bitsPerByte: number;
  tokens: number;
  bytes: number;
}

/**
 * Perplexity and bits per byte over texts taken together: sums of log-likelihoods divided by sums of lengths.
 * @throws when the texts hold no token, or a log-likelihood is not finite
 */
export async function perplexity(model: LanguageModel, texts: readonly string[]): Promise<PerplexityResult> {
  const scored = await model.logLikelihood(texts.map((completion) => ({ prompt: '', completion })));
  const bad = scored.findIndex(({ logProb }) => !Number.isFinite(logProb));
  if (bad >= 0) throw new Error(`perplexity: the log-likelihood of text ${bad} is ${scored[bad]!.logProb}`);
  const logProb = scored.reduce((sum, text) => sum + text.logProb, 0);
  const tokens = scored.reduce((sum, text) => sum + text.tokens, 0);
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (tokens === 0) throw new Error('perplexity: the texts hold no token to predict');
  return { perplexity: Math.exp(-logProb / tokens), bitsPerByte: -logProb / Math.LN2 / bytes, tokens, bytes };
}
