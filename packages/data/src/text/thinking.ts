import type { Message } from '../example.ts';

/**
 * Marks for each answer whether the model is to think before it, as Qwen3 learns its two modes (Yang et al. 2025,
 * section 4.3): the question before an answer without thoughts gets ` /no_think`, one before an answer with thoughts
 * ` /think` (which models also do unasked, so it may be left out). Questions that hold a mark already stay.
 *
 * @param write whether ` /think` is written out. Default true
 */
export function markThinking(
  messages: readonly Message[],
  { write = true }: { write?: boolean } = {},
): Message[] {
  const marked = messages.map((message) => ({ ...message }));
  for (const [i, { role }] of marked.entries()) {
    if (role !== 'user' || /\s\/(no_)?think\s*$/.test(marked[i]!.content)) continue;
    const turns = marked.slice(i + 1);
    const next = turns.findIndex((turn) => turn.role === 'user');
    const answers = (next < 0 ? turns : turns.slice(0, next)).filter((turn) => turn.role === 'assistant');
    if (answers.length === 0) continue;
    const thinks = answers.some(hasThoughts);
    if (!thinks) marked[i]!.content += ' /no_think';
    else if (write) marked[i]!.content += ' /think';
  }
  return marked;
}

function hasThoughts({ reasoning_content, content }: Message): boolean {
  if (reasoning_content !== undefined) return reasoning_content.trim() !== '';
  const thoughts = /<think>([\s\S]*?)<\/think>/.exec(content)?.[1];
  return thoughts !== undefined && thoughts.trim() !== '';
}
