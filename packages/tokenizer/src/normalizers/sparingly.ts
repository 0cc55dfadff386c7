import { base64ToBytes } from '../text/base64.ts';
import { CharsMap } from '../text/chars-map.ts';
import type { ComponentJson } from '../tokenizer-json.ts';

/**
 * Makes a normalizer of strings fast for text that is mostly ASCII: it is only called for the stretches that it may
 * change, with the safe characters beside them, which marks may belong to. Where such stretches cannot be told, it is
 * called for all of a text, unless that is certainly left as it is.
 */
export function sparingly(
  json: ComponentJson,
  normalize: (text: string) => string,
): (text: string) => string {
  const safe = new Uint8Array(0x80).fill(1);
  const checks: ((text: string) => boolean)[] = [];
  if (!restrict(json, safe, checks)) return normalize;
  const units = Array.from(safe, (isSafe, unit) => (isSafe ? '' : `\\u{${unit.toString(16)}}`)).join('');
  const unsafe = new RegExp(`[\\s\\S]?(?:[\\u{80}-\\u{10ffff}${units}]+[\\s\\S]?)+`, 'gu');
  if (checks.length === 0) return (text) => text.replace(unsafe, normalize);
  return (text) => {
    unsafe.lastIndex = 0;
    return !unsafe.test(text) && checks.every((check) => check(text)) ? text : normalize(text);
  };
}

/**
 * Takes out of `safe` the ASCII characters that a normalizer changes; `checks` are for what can only be said of whole
 * texts. Returns whether it is one that this knows of.
 */
function restrict(json: ComponentJson, safe: Uint8Array, checks: ((text: string) => boolean)[]): boolean {
  switch (json.type) {
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
    case 'StripAccents':
      return true;
    case 'Lowercase':
      safe.fill(0, 0x41, 0x5b);
      return true;
    case 'Strip':
      checks.push((text) => text.trim() === text);
      return true;
    case 'Precompiled': {
      const rules = new CharsMap(base64ToBytes(json.precompiled_charsmap as string));
      for (let unit = 0; unit < 0x80; unit++) {
        if (rules.exact(String.fromCharCode(unit)) !== null) safe[unit] = 0;
      }
      // The only two ASCII characters that are one grapheme.
      if (rules.exact('\r\n') !== null) safe[0x0d] = 0;
      return true;
    }
    case 'Replace': {
      const { String: literal, Regex: regex } = json.pattern as { String?: string; Regex?: string };
      if (regex === ' {2,}') checks.push((text) => !text.includes('  '));
      else if (literal) checks.push((text) => !text.includes(literal));
      else return false;
      return true;
    }
    case 'Sequence':
      return (json.normalizers as ComponentJson[]).every((each) => restrict(each, safe, checks));
    default:
      return false;
  }
}
