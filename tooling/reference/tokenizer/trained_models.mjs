/**
 * Trains SentencePiece models with @attune/tokenizer (built) on texts from standard input and prints their files, for
 * `normalization.py` to load into the original: `[[training, options]...]` and texts in, base64 out, all JSON.
 */
import { readFileSync } from 'node:fs';
import {
  readNormalizationRules,
  trainSentencePieceBPE,
  trainUnigram,
} from '../../../packages/tokenizer/dist/index.js';

const { texts, trainings } = JSON.parse(readFileSync(0, 'utf8'));
const models = trainings.map(([training, { normalizationTsv, denormalizationTsv, ...options }]) => {
  const rules = normalizationTsv && readNormalizationRules(normalizationTsv);
  const train = { trainSentencePieceBPE, trainUnigram }[training];
  const back = denormalizationTsv && readNormalizationRules(denormalizationTsv);
  const trained = train(texts, {
    ...options,
    ...(rules && { normalizationRules: rules }),
    ...(back && { denormalizationRules: back }),
  });
  return Buffer.from(trained.toModel()).toString('base64');
});
console.log(JSON.stringify(models));
