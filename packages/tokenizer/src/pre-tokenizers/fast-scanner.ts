import type { ComponentJson } from '../tokenizer-json.ts';
import { type ByteScanner, byteScannerFor, wholeText } from './byte-scanners.ts';
import { PATTERNS } from './scanners.ts';

/**
 * The scanner that does the work of a whole byte-level pre-tokenizer, or null where it needs more than one:
 * `ByteLevel` alone, or `Split` by a known pattern followed by `ByteLevel`.
 */
export function byteLevelScanner(json: ComponentJson | null): ByteScanner | null {
  const steps = json?.type === 'Sequence' ? (json.pretokenizers as ComponentJson[]) : json ? [json] : [];
  const last = steps.at(-1);
  if (last?.type !== 'ByteLevel' || last.add_prefix_space !== false) return null;
  if (steps.length === 1) return last.use_regex === false ? wholeText : byteScannerFor(PATTERNS.gpt2)!;
  const split = steps[0]!;
  if (steps.length !== 2 || last.use_regex !== false || split.type !== 'Split') return null;
  const isolates = split.behavior === 'Isolated' || (split.behavior === 'Removed' && split.invert === true);
  const regex = (split.pattern as { Regex?: string }).Regex;
  return isolates && regex !== undefined ? (byteScannerFor(regex) ?? null) : null;
}
