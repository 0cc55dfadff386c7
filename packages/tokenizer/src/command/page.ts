import type { LoadedTokenizer } from './load.ts';
import { STYLE } from './page-style.ts';
import { compression, type VocabularyStatistics, vocabularyStatistics } from './statistics.ts';

const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const count = (value: number) => value.toLocaleString('en');

/** Colours, so that neighbours always differ. */
const COLOURS = 6;
/** More than this of a text is not shown: browsers grow slow. */
const SHOWN_UNITS = 50_000;

/** A page that shows a text once for each tokenizer, every token in a colour of its own, and what each makes of it. */
export function tokensPage(loaded: readonly LoadedTokenizer[], text: string): string {
  const shown = text.length > SHOWN_UNITS ? text.slice(0, cutAt(text, SHOWN_UNITS)) : text;
  const results = loaded.map(({ name, tokenizer }) => ({ name, tokenizer, ...compression(tokenizer, text) }));
  const most = Math.max(1, ...results.map(({ tokens }) => tokens));
  const rows = results
    .map(
      ({ name, tokenizer, tokens, bytesPerToken }) =>
        `<tr><th scope="row">${escapeHtml(name)}</th><td>${count(tokenizer.vocabSize)}</td><td>${count(tokens)}</td><td>${bytesPerToken.toFixed(2)}</td><td class="bar"><i style="width:${((100 * tokens) / most).toFixed(1)}%"></i></td></tr>`,
    )
    .join('');
  const note =
    shown.length < text.length
      ? `<p class="note">The first ${count(shown.length)} of ${count(text.length)} characters are shown.</p>`
      : '';
  const sections = loaded.map(
    ({ name, tokenizer }) =>
      `<section><h2>${escapeHtml(name)}</h2><pre>${colouredTokens(tokenizer, shown)}</pre></section>`,
  );
  const details = loaded.length === 1 ? vocabularySection(vocabularyStatistics(loaded[0]!.tokenizer)) : '';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tokens of ${escapeHtml(loaded.map(({ name }) => name).join(', '))}</title><style>${STYLE}</style></head><body class="${loaded.length > 2 ? 'wide' : ''}">
<h1>Tokens</h1>
<table class="summary"><thead><tr><th scope="col">tokenizer</th><th scope="col">vocabulary</th><th scope="col">tokens in the text</th><th scope="col">bytes a token</th><th scope="col" class="bar">tokens</th></tr></thead><tbody>${rows}</tbody></table>
${note}<div class="${loaded.length > 1 ? 'side' : ''}">${sections.join('\n')}</div>
${details}<p class="note">Point at a token to see its number. · is a space, → a tab, ↵ the end of a line, \\r and the like control characters; an underline joins tokens that share a character.</p>
</body></html>
`;
}

/** A position near `limit` that splits no character. */
const cutAt = (text: string, limit: number) =>
  (text.charCodeAt(limit) & 0xfc00) === 0xdc00 ? limit - 1 : limit;

function colouredTokens(tokenizer: LoadedTokenizer['tokenizer'], text: string): string {
  const { ids, tokens, offsets } = tokenizer.encode(text);
  let html = '';
  let covered = 0;
  let shown = 0;
  for (let i = 0; i < ids.length; ) {
    const [start, firstEnd] = offsets[i]!;
    // Special tokens stand beside the text.
    if (start === firstEnd && tokenizer.isSpecial(ids[i]!)) {
      i++;
      continue;
    }
    // Tokens that share a character are shown as one; of some, only the last has the character's place.
    let end = firstEnd;
    const group = [`${ids[i]} ${tokens[i]}`];
    while (++i < ids.length && (offsets[i]![0] < end || start === end)) {
      end = Math.max(end, offsets[i]![1]);
      group.push(`${ids[i]} ${tokens[i]}`);
    }
    if (end <= covered) continue;
    html += visible(text.slice(covered, Math.max(start, covered)));
    const kind = `t${shown++ % COLOURS}${group.length > 1 ? ' many' : ''}`;
    const title = escapeHtml(group.join('\n'));
    html += `<span class="${kind}" title="${title}">${visible(text.slice(Math.max(start, covered), end))}</span>`;
    covered = end;
  }
  return html + visible(text.slice(covered));
}

/** Shows white space and control characters: the latter as escapes, since HTML cannot hold them. */
const visible = (text: string) =>
  escapeHtml(text).replace(/[\0-\x20\x7f]/g, (char) => {
    const white = WHITE[char];
    if (white) return `<b class="${white}">${char}</b>`;
    const escaped = char === '\r' ? '\\r' : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
    return `<b class="c">${escaped}</b>`;
  });
const WHITE: Record<string, string> = { ' ': 's', '\t': 't', '\n': 'n' };

function vocabularySection(statistics: VocabularyStatistics): string {
  const list = (entries: [string | number, number][]) => {
    const most = Math.max(1, ...entries.map(([, value]) => value));
    return entries
      .map(
        ([what, value]) =>
          `<tr><th scope="row">${escapeHtml(String(what))}</th><td>${count(value)}</td><td class="bar"><i style="width:${((100 * value) / most).toFixed(1)}%"></i></td></tr>`,
      )
      .join('');
  };
  const tokens = (some: string[]) => some.map((token) => `<code>${escapeHtml(token)}</code>`).join(' ');
  const byLength = [...statistics.byLength].sort((a, b) => a[0] - b[0]);
  const byScript = [...statistics.byScript].sort((a, b) => b[1] - a[1]);
  const unreachable = statistics.unreachable.length;
  return `<div class="side"><section><h2>Tokens by length in characters</h2><table>${list(byLength)}</table></section>
<section><h2>Tokens by script</h2><table>${list(byScript)}</table>
<h2>Longest</h2><p class="tokens">${tokens(statistics.longest)}</p>
<h2>Unreachable: ${count(unreachable)}</h2><p class="tokens">${unreachable === 0 ? 'Every token comes out of some text.' : tokens(statistics.unreachable.slice(0, 30))}</p></section></div>
`;
}
