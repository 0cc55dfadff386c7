import type { BpeJson, ModelJson } from '../tokenizer-json.ts';
import { Bpe } from './bpe.ts';
import type { Model } from './model.ts';
import { Unigram } from './unigram.ts';
import { WordLevel } from './word-level.ts';
import { WordPiece } from './word-piece.ts';

const TYPES = ['BPE', 'Unigram', 'WordPiece', 'WordLevel'];

/** The type of a model; files of old versions do not say it, so their fields must. */
function modelType(json: ModelJson): string {
  if (json.type) return json.type;
  if ('merges' in json) return 'BPE';
  if (Array.isArray(json.vocab)) return 'Unigram';
  return 'continuing_subword_prefix' in json ? 'WordPiece' : 'WordLevel';
}

/**
 * Builds the model that a `tokenizer.json` describes.
 * @throws where the type is unknown or its fields are wrong
 */
export function createModel(json: ModelJson | BpeJson): Model {
  if (typeof json !== 'object' || json === null) {
    throw new Error(`tokenizer.json: model must be an object, found ${json === null ? 'null' : typeof json}`);
  }
  const type = modelType(json as ModelJson);
  if (type === 'BPE') return new Bpe(json as BpeJson);
  if (type === 'Unigram') return new Unigram(json as ModelJson);
  if (type === 'WordPiece') return new WordPiece(json as ModelJson);
  if (type === 'WordLevel') return new WordLevel(json as ModelJson);
  throw new Error(
    `tokenizer.json: model.type must be one of ${TYPES.join(', ')}, found ${JSON.stringify(type)}`,
  );
}
