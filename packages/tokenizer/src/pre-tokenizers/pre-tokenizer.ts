import type { AlignedText } from '../text/aligned-text.ts';
import type { ComponentJson } from '../tokenizer-json.ts';
import { byteLevel } from './byte-level.ts';
import { splitPreTokenizer } from './split.ts';

/** Cuts pieces of text into smaller pieces (pre-tokens); may change their text too. */
export type PreTokenizer = (pieces: AlignedText[]) => AlignedText[];

const FACTORIES: Record<string, (json: ComponentJson) => PreTokenizer> = {
  ByteLevel: byteLevel,
  Split: splitPreTokenizer,
  Sequence: (json) => {
    const steps = (json.pretokenizers as ComponentJson[]).map(createPreTokenizer);
    return (pieces) => steps.reduce((current, step) => step(current), pieces);
  },
};

/**
 * Builds the pre-tokenizer that a `tokenizer.json` describes.
 * @throws where the type is unknown
 */
export function createPreTokenizer(json: ComponentJson): PreTokenizer {
  const factory = Object.hasOwn(FACTORIES, json.type) ? FACTORIES[json.type] : undefined;
  if (!factory) {
    throw new Error(
      `tokenizer.json: pre_tokenizer.type must be one of ${Object.keys(FACTORIES).join(', ')}, found ${JSON.stringify(json.type)}`,
    );
  }
  return factory(json);
}
