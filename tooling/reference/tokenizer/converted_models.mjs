/**
 * Converts SentencePiece models (base64, a JSON array on standard input) to `tokenizer.json` with @attune/tokenizer
 * (built) and prints the files as a JSON array of strings, for `conversion.py`.
 */
import { readFileSync } from 'node:fs';
import { SentencePiece, toTokenizerJson } from '../../../packages/tokenizer/dist/index.js';

const models = JSON.parse(readFileSync(0, 'utf8'));
const files = models.map((model) =>
  JSON.stringify(toTokenizerJson(SentencePiece.fromModel(Buffer.from(model, 'base64')))),
);
console.log(JSON.stringify(files));
