import type { Reward } from './reward.ts';

/** 1 when the completion matches the pattern, else 0. Anchor the pattern to demand the whole completion. */
export function matchesFormat(pattern: RegExp): Reward {
  // Without g and y: those make `test` remember where it stopped.
  const stateless = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  return (completion) => (stateless.test(completion) ? 1 : 0);
}

/** Options of `thinkFormat`. */
export interface ThinkFormatOptions {
  /** Whether the answer stands between tags of its own. Default true. */
  answerTags?: boolean;
}

/**
 * 1 when the completion is `<think>…</think><answer>…</answer>` and nothing else but white space, each tag once and
 * the answer not empty (the format reward of DeepSeek-R1, arXiv 2501.12948 section 2.2.2), else 0. Without tags for the
 * answer: `<think>…</think>` at the beginning, `<think>` once, and then anything.
 */
export function thinkFormat({ answerTags = true }: ThinkFormatOptions = {}): Reward {
  const once = (text: string, tag: string) => text.split(tag).length === 2;
  if (!answerTags) return (text) => (/^<think>.*<\/think>/s.test(text) && once(text, '<think>') ? 1 : 0);
  const tags = ['<think>', '</think>', '<answer>', '</answer>'];
  const pattern = /^\s*<think>.*<\/think>\s*<answer>\s*\S.*<\/answer>\s*$/s;
  return (text) => (tags.every((tag) => once(text, tag)) && pattern.test(text) ? 1 : 0);
}

/**
 * Text between the last `<tag>` and its `</tag>`, trimmed; undefined when there is none.
 * @param tag name of the tag
 */
export function extractTag(completion: string, tag = 'answer'): string | undefined {
  const start = completion.lastIndexOf(`<${tag}>`);
  const end = completion.indexOf(`</${tag}>`, start);
  return start < 0 || end < 0 ? undefined : completion.slice(start + tag.length + 2, end).trim();
}
