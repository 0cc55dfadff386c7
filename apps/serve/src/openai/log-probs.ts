import type { TokenLogProb } from '@attune/inference';
import type { Tokenizer } from '@attune/tokenizer';

/** A token that was generated, and the likeliest in its place. */
export interface ScoredToken extends TokenLogProb {
  topLogProbs?: TokenLogProb[];
}

/** `logprobs` of a chat choice. */
export function chatLogProbs(tokenizer: Tokenizer, tokens: readonly ScoredToken[]) {
  const describe = ({ id, logProb }: TokenLogProb) => {
    const token = tokenText(tokenizer, id);
    return { token, logprob: finite(logProb), bytes: utf8(token) };
  };
  return {
    content: tokens.map((token) => ({
      ...describe(token),
      top_logprobs: (token.topLogProbs ?? []).map(describe),
    })),
    refusal: null,
  };
}

/** `logprobs` of a text completion. @param offset characters of the text before these tokens */
export function completionLogProbs(tokenizer: Tokenizer, tokens: readonly ScoredToken[], offset = 0) {
  const texts = tokens.map(({ id }) => tokenText(tokenizer, id));
  let at = offset;
  return {
    tokens: texts,
    token_logprobs: tokens.map(({ logProb }) => finite(logProb)),
    top_logprobs: tokens.map(({ topLogProbs = [] }) =>
      Object.fromEntries(topLogProbs.map(({ id, logProb }) => [tokenText(tokenizer, id), finite(logProb)])),
    ),
    text_offset: texts.map((text) => {
      const start = at;
      at += text.length;
      return start;
    }),
  };
}

function tokenText(tokenizer: Tokenizer, id: number): string {
  return tokenizer.idToToken(id) === undefined ? '' : tokenizer.decode([id]);
}

/** The bytes of a token, or null where it is only a part of a character and its text cannot show them. */
function utf8(text: string): number[] | null {
  return text.includes('\uFFFD') ? null : [...new TextEncoder().encode(text)];
}

/** JSON has no −Infinity; OpenAI writes −9999 for it. */
function finite(logProb: number): number {
  return Number.isFinite(logProb) ? logProb : -9999;
}
