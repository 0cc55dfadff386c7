// Requests that join and leave one running batch: node engine.ts ./model
import { useBackend } from '@attune/backend-onnx';
import { Engine, loadPretrained } from '@attune/inference';

await useBackend();
const { model, tokenizer, text } = loadPretrained(process.argv[2] ?? './model');
const engine = new Engine(model, { maxBatch: 8, maxQueue: 100 });
const requests = ['A cat', 'A dog', 'A bird'].map((prompt, seed) =>
  engine.submit(tokenizer.encodeIds(prompt), { tokenizer: text, seed, maxNewTokens: 40 }),
);
setTimeout(() => requests[2]!.cancel(), 500);
for (const { result } of requests) console.log((await result)[0]!.text);
await engine.close();
