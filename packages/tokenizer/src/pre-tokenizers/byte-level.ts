import type { AlignedText } from '../text/aligned-text.ts';
import { textToByteChars } from '../text/byte-alphabet.ts';
import type { ComponentJson } from '../tokenizer-json.ts';
import { GPT2_PATTERN } from './scanners.ts';
import { patternFinder, splitAt } from './split.ts';

/** `ByteLevel`: GPT-2's split (unless `use_regex` is false), then every byte as one visible character. */
export function byteLevel(json: ComponentJson): (pieces: AlignedText[]) => AlignedText[] {
  const addPrefixSpace = json.add_prefix_space !== false;
  const useRegex = json.use_regex !== false;
  const find = patternFinder({ Regex: GPT2_PATTERN });
  return (pieces) =>
    pieces.flatMap((piece) => {
      const spaced = addPrefixSpace && !piece.text.startsWith(' ') ? prependSpace(piece) : piece;
      const words = useRegex ? splitAt(spaced, find(spaced.text), 'Isolated') : [spaced];
      return words.map(toByteChars);
    });
}

function prependSpace(piece: AlignedText): AlignedText {
  if (piece.length === 0) return piece;
  return piece.rewrite((out) => {
    out.replace(0, 1, ' ');
    out.copy(0, piece.length);
  });
}

function toByteChars(piece: AlignedText): AlignedText {
  return piece.rewrite((out) => {
    let start = 0;
    for (const char of piece.text) {
      out.replace(start, start + char.length, textToByteChars(char));
      start += char.length;
    }
  });
}
