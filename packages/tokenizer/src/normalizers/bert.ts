import type { AlignedText, Change } from '../text/aligned-text.ts';
import { classOf, isSpace, MARK } from '../text/char-class.ts';
import { categoryRanges } from '../text/unicode-categories.ts';
import type { ComponentJson } from '../tokenizer-json.ts';
import { unicodeForm } from './unicode-form.ts';

/**
 * BERT's cleaning: control characters out, all whitespace to spaces, spaces around CJK ideographs, accents
 * off, lower case. Source: Devlin et al. 2018, `BasicTokenizer`.
 */
export function bertNormalizer(json: ComponentJson): (text: AlignedText) => AlignedText {
  const lower = json.lowercase !== false;
  const steps: ((text: AlignedText) => AlignedText)[] = [];
  if (json.clean_text !== false) steps.push(cleanText);
  if (json.handle_chinese_chars !== false) steps.push(spaceIdeographs);
  if (json.strip_accents ?? lower) {
    const decompose = unicodeForm('NFD');
    steps.push((text) => decompose(text).filter((char) => (classOf(char) & MARK) === 0));
  }
  if (lower) steps.push((text) => text.mapChars((char) => char.toLowerCase()));
  return (text) => steps.reduce((current, step) => step(current), text);
}

let CONTROL: RegExp | undefined;

function cleanText(text: AlignedText): AlignedText {
  // Unassigned code points stay, as in the reference implementation.
  CONTROL ??= new RegExp(`(?![\\t\\n\\r])[${['Cc', 'Cf', 'Co'].map(categoryRanges).join('')}\\ufffd]`, 'v');
  return text.filter((char) => !CONTROL!.test(char)).mapChars((char) => (isSpace(char) ? ' ' : char));
}

// The blocks that the original lists; the last but two starts where it does there.
const IDEOGRAPH =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/u;

function spaceIdeographs(text: AlignedText): AlignedText {
  if (!IDEOGRAPH.test(text.text)) return text;
  const changes: Change[] = [];
  for (const char of text.text) {
    if (IDEOGRAPH.test(char)) changes.push([' ', 0], [char, 1], [' ', 1]);
    else changes.push([char, 0]);
  }
  return text.transform(changes);
}
