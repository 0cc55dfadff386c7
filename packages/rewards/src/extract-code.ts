/**
 * The program in a completion: its last fenced block (a fence that is never closed reaches to the end), else all of it.
 * What stands before a `</think>` does not count.
 */
export function extractCode(completion: string): string {
  const after = completion.lastIndexOf('</think>');
  const text = after < 0 ? completion : completion.slice(after + '</think>'.length);
  const lines = text.split('\n');
  const fences = [...lines.keys()].filter((i) => /^\s*```/.test(lines[i]!));
  if (fences.length === 0) return text;
  // Fences open and close in turn; with an odd number the last one was never closed.
  const start = fences.length % 2 ? fences.at(-1)! : fences.at(-2)!;
  const end = fences.length % 2 ? lines.length : fences.at(-1)!;
  return lines.slice(start + 1, end).join('\n');
}
