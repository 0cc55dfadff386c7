import type { LoadedTokenizer } from './load.ts';
import { compression } from './statistics.ts';

const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Five hues, so that neighbours always differ. */
const HUES = [210, 45, 140, 0, 280];

/** A page that shows a text once for each tokenizer, every token in a colour of its own. */
export function tokensPage(loaded: readonly LoadedTokenizer[], text: string): string {
  const sections = loaded.map(({ name, tokenizer }) => {
    const { tokens, bytesPerToken } = compression(tokenizer, text);
    return `<section><h2>${escapeHtml(name)}</h2>
<p>${tokenizer.vocabSize.toLocaleString('en')} tokens in the vocabulary, ${tokens.toLocaleString('en')} in the text, ${bytesPerToken.toFixed(2)} bytes a token</p>
<pre>${colouredTokens(tokenizer.encode(text), text)}</pre></section>`;
  });
  const colours = HUES.map((hue, i) => `.t${i}{background:hsl(${hue} 80% 86%)}`).join('');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tokens</title><style>
body{font:16px system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:15px/1.8 ui-monospace,monospace;border:1px solid #ddd;border-radius:6px;padding:1rem}
span{border-radius:3px;padding:1px 0}${colours}
</style></head><body><h1>Tokens</h1>${sections.join('\n')}</body></html>
`;
}

function colouredTokens(
  { ids, offsets }: { ids: number[]; offsets: [number, number][] },
  text: string,
): string {
  let html = '';
  let covered = 0;
  let shown = 0;
  for (let i = 0; i < ids.length; ) {
    // Tokens that share a character are shown as one.
    const [start, firstEnd] = offsets[i]!;
    let end = firstEnd;
    const group = [ids[i]!];
    while (++i < ids.length && offsets[i]![0] < end) {
      end = Math.max(end, offsets[i]![1]);
      group.push(ids[i]!);
    }
    if (end <= covered) continue;
    html += escapeHtml(text.slice(covered, Math.max(start, covered)));
    html += `<span class="t${shown++ % HUES.length}" title="${group.join(' ')}">${escapeHtml(text.slice(Math.max(start, covered), end))}</span>`;
    covered = end;
  }
  return html + escapeHtml(text.slice(covered));
}
