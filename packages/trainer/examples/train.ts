import { parseRecipe, train } from '@attune/trainer';

const recipe = `
model: { layers: 2, heads: 2, width: 32, context: 128 }
tokenizer: { vocabSize: 400 }
data: { train: { generate: word-problems, count: 200 } }
optimizer: { name: adamw, lr: 1e-2 }
schedule: { name: cosine, steps: 30, warmup: 5 }
batch: { size: 16 }`;

const loaded = parseRecipe(recipe, { label: 'recipe', folder: '.', name: 'first-run' });
const { model, metrics } = await train(loaded, { output: process.env.RUN ?? 'runs/first-run' });
console.log(`loss ${metrics.loss!.toFixed(2)}; the model is in ${model}`);
