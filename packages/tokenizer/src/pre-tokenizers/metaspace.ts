import type { AlignedText } from '../text/aligned-text.ts';
import { matchFinder } from '../text/match-finder.ts';
import type { ComponentJson } from '../tokenizer-json.ts';
import { patternFinder, splitAt } from './split.ts';

/** The replacement character and when it is put before a text, old fields of the format included. */
export function metaspaceOptions(json: ComponentJson): {
  replacement: string;
  prepend: 'always' | 'first' | 'never';
} {
  const scheme = (json.prepend_scheme as 'always' | 'first' | 'never' | undefined) ?? 'always';
  return {
    replacement: (json.replacement as string) ?? '▁',
    prepend: json.add_prefix_space === false ? 'never' : scheme,
  };
}

/** `Metaspace`: spaces become visible, one is put before the text, and each begins a new piece. */
export function metaspace(json: ComponentJson): (pieces: AlignedText[]) => AlignedText[] {
  const { replacement, prepend } = metaspaceOptions(json);
  const findSpaces = matchFinder({ String: ' ' });
  const findMarks = patternFinder({ String: replacement });
  return (pieces) =>
    pieces.flatMap((piece) => {
      let text = piece.replaceRanges(findSpaces(piece.text), replacement);
      const wanted =
        prepend === 'always' || (prepend === 'first' && text.length > 0 && text.startAt(0) === 0);
      if (wanted && !text.text.startsWith(replacement)) text = text.prepend(replacement);
      return json.split === false ? [text] : splitAt(text, findMarks(text.text), 'MergedWithNext');
    });
}
