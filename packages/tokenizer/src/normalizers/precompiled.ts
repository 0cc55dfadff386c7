import type { AlignedText, Change } from '../text/aligned-text.ts';
import { base64ToBytes } from '../text/base64.ts';
import { CharsMap } from '../text/chars-map.ts';
import type { ComponentJson } from '../tokenizer-json.ts';

/** `Precompiled`: SentencePiece's compiled normalization rules, applied by grapheme, then by character. */
export function precompiled(json: ComponentJson): (text: AlignedText) => AlignedText {
  const rules = new CharsMap(base64ToBytes(json.precompiled_charsmap as string));
  const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });
  const utf8 = new TextEncoder();
  return (text) => {
    const changes: Change[] = [];
    let changed = false;
    const put = (source: string, target: string) => {
      changed = true;
      replaceChars(changes, [...source].length, [...target]);
    };
    for (const { segment } of graphemes.segment(text.text)) {
      const whole = utf8.encode(segment).length < 6 ? rules.exact(segment) : null;
      if (whole !== null) {
        put(segment, whole);
        continue;
      }
      for (const char of segment) {
        const single = rules.exact(char);
        if (single !== null) put(char, single);
        else changes.push([char, 0]);
      }
    }
    return changed ? text.transform(changes) : text;
  };
}

/** Puts `target` in the place of `count` characters: what is too many is inserted, too few dropped. */
function replaceChars(changes: Change[], count: number, target: string[]): void {
  const difference = target.length - count;
  target.forEach((char, i) => {
    changes.push([char, difference > 0 && i >= target.length - difference ? 1 : 0]);
  });
  if (difference < 0 && changes.length > 0) changes.at(-1)![1] += difference;
}
