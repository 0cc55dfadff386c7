import type { AlignedText } from '../text/aligned-text.ts';
import { textToByteChars } from '../text/byte-alphabet.ts';
import type { ComponentJson } from '../tokenizer-json.ts';
import { PATTERNS } from './scanners.ts';
import { patternFinder, splitAt } from './split.ts';

/** `ByteLevel`: GPT-2's split (unless `use_regex` is false), then every byte as one visible character. */
export function byteLevel(json: ComponentJson): (pieces: AlignedText[]) => AlignedText[] {
  const addPrefixSpace = json.add_prefix_space !== false;
  const useRegex = json.use_regex !== false;
  const find = patternFinder({ Regex: PATTERNS.gpt2 });
  return (pieces) =>
    pieces.flatMap((piece) => {
      const spaced = addPrefixSpace && !piece.text.startsWith(' ') ? piece.prepend(' ') : piece;
      const words = useRegex ? splitAt(spaced, find(spaced.text), 'Isolated') : [spaced];
      return words.map(toByteChars);
    });
}

const toByteChars = (piece: AlignedText): AlignedText => piece.mapChars(textToByteChars);
