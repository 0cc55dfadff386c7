// Whether sentence-transformers makes of an exported embedding model what this project does: embeds held-out word
// problems and their solutions with both, from text, and prints the largest difference.
//
//   node tooling/reference/models/sentence_transformers.mjs <model folder> [python]
//
// `python` (default `python3`) needs PyPI's sentence-transformers. Exits with 1 when a number differs by more than 1e-4.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { useBackend } from '../../../packages/backend-onnx/dist/index.js';
import { wordProblems } from '../../../packages/data/dist/index.js';
import { embedSequences } from '../../../packages/inference/dist/index.js';
import { CausalLM, readEmbeddingConfig } from '../../../packages/models/dist/index.js';
import { Tokenizer } from '../../../packages/tokenizer/dist/index.js';

const LIMIT = 1e-4;
const [folder, python = 'python3'] = process.argv.slice(2);
if (!folder) {
  console.error(
    'sentence_transformers: name the folder of an embedding model, e.g. runs/post-training/clip-1/model',
  );
  process.exit(1);
}
await useBackend('auto');
const problems = wordProblems({ count: 100, seed: 1, split: 'test', difficulty: 3 });
const texts = problems.flatMap(({ question, answer }) => [question, answer]);

const { pooling, maxLength } = readEmbeddingConfig(folder);
const tokenizer = Tokenizer.fromJSON(JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8')));
const ids = texts.map((text) => tokenizer.encode(text).ids.slice(0, maxLength));
const ours = await embedSequences(CausalLM.load(folder), ids, { pooling });

const script = fileURLToPath(new URL('sentence_transformers_embed.py', import.meta.url));
const { status, stdout, stderr } = spawnSync(python, [script, folder], {
  input: JSON.stringify(texts),
  encoding: 'utf8',
  maxBuffer: 2 ** 28,
});
if (status !== 0) {
  console.error(stderr);
  process.exit(1);
}
const { version, embeddings } = JSON.parse(stdout);
const differences = ours.flatMap((vector, i) =>
  Array.from(vector, (value, d) => Math.abs(value - embeddings[i][d])),
);
const largest = differences.reduce((a, b) => Math.max(a, b), 0);
console.log(
  `sentence-transformers ${version}: ${texts.length} texts, ${pooling} pooling, largest difference ${largest.toExponential(1)}`,
);
process.exit(largest <= LIMIT ? 0 : 1);
