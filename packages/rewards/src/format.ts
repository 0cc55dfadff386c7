import type { Reward } from './reward.ts';

/** 1 when the completion matches the pattern, else 0. Anchor the pattern to demand the whole completion. */
export function matchesFormat(pattern: RegExp): Reward {
  // Without g and y: those make `test` remember where it stopped.
  const stateless = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  return (completion) => (stateless.test(completion) ? 1 : 0);
}

/**
 * 1 when the completion is `<think>…</think><answer>…</answer>` and nothing else but white space, each tag once and
 * the answer not empty (the format reward of DeepSeek-R1, arXiv 2501.12948 section 2.2.2), else 0.
 */
export function thinkFormat(): Reward {
  return (completion) => {
    const once = ['<think>', '</think>', '<answer>', '</answer>'].every(
      (tag) => completion.split(tag).length === 2,
    );
    return once && /^\s*<think>.*<\/think>\s*<answer>\s*\S.*<\/answer>\s*$/s.test(completion) ? 1 : 0;
  };
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
