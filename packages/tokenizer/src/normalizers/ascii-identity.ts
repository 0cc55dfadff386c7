import { base64ToBytes } from '../text/base64.ts';
import { CharsMap } from '../text/chars-map.ts';
import type { ComponentJson } from '../tokenizer-json.ts';

/**
 * A test for texts that a normalizer certainly leaves as they are, made to be fast rather than to find them all:
 * ASCII, without the characters that it changes. Null where nothing is known of the normalizer.
 */
export function asciiIdentity(json: ComponentJson | null): ((text: string) => boolean) | null {
  const safe = new Uint8Array(0x80).fill(1);
  const checks: ((text: string) => boolean)[] = [];
  if (json && !restrict(json, safe, checks)) return null;
  return (text) => {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80 || safe[unit] === 0) return false;
    }
    return checks.every((check) => check(text));
  };
}

/** Takes out what a normalizer changes. Returns whether it is one that this knows of. */
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
