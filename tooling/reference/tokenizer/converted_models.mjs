/**
 * Converts SentencePiece models (base64, a JSON array on standard input) to `tokenizer.json` and back with
 * @attune/tokenizer (built) and prints `[file, model in base64]` for each, for `conversion.py`.
 */
import { readFileSync } from 'node:fs';
import {
  SentencePiece,
  Tokenizer,
  toSentencePiece,
  toTokenizerJson,
} from '../../../packages/tokenizer/dist/index.js';

const models = JSON.parse(readFileSync(0, 'utf8'));
const files = models.map((model) => {
  const json = JSON.stringify(toTokenizerJson(SentencePiece.fromModel(Buffer.from(model, 'base64'))));
  const back = toSentencePiece(Tokenizer.fromJSON(json));
  return [json, Buffer.from(back.toModel()).toString('base64')];
});
console.log(JSON.stringify(files));
