// node stream.ts ./model "Once upon a time"
import { useBackend } from '@attune/backend-onnx';
import { loadPretrained, stream } from '@attune/inference';

await useBackend();
const [, , dir = './model', prompt = 'Once upon a time'] = process.argv;
const { model, tokenizer, text, stopIds, sampling } = loadPretrained(dir);
const options = { ...sampling, stopIds, stop: ['\n\n'], tokenizer: text, maxNewTokens: 200 };
for await (const token of stream(model, tokenizer.encodeIds(prompt), options))
  process.stdout.write(token.text);
