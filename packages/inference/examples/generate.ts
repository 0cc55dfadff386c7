// A fresh model answers with noise, but needs no download. For a real one: loadPretrained('./model').
import { useBackend } from '@attune/backend-onnx';
import { generate, generatedText } from '@attune/inference';
import { CausalLM } from '@attune/models';
import { trainBPE } from '@attune/tokenizer';

await useBackend();
const tokenizer = trainBPE(['the cat sat on the mat'], { vocabSize: 270 });
const size = {
  vocab_size: 270,
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 2,
  num_attention_heads: 4,
};
const model = CausalLM.fromConfig({ model_type: 'llama', ...size }, { seed: 1 });

const prompts = ['the cat', 'on the mat'].map((text) => tokenizer.encodeIds(text));
const options = {
  n: 3,
  maxNewTokens: 16,
  temperature: 0.8,
  topP: 0.95,
  seed: 7,
  tokenizer: generatedText(tokenizer),
};
for (const { prompt, sample, text, logProbs, finishReason } of await generate(model, prompts, options)) {
  console.log({ prompt, sample, text, finishReason, logProb: logProbs.reduce((sum, p) => sum + p) });
}
