// Adapts a frozen model with LoRA, saves the adapter as a PEFT folder, and merges it.
import { useBackend } from '@attune/backend-onnx';
import { applyLora, CausalLM, loadAdapter, mergeLora, saveAdapter } from '@attune/models';

await useBackend('auto');
const sizes = { vocab_size: 100, hidden_size: 64, intermediate_size: 128 };
const depth = { num_hidden_layers: 2, num_attention_heads: 4 };
const base = () => CausalLM.fromConfig({ model_type: 'llama', ...sizes, ...depth }, { seed: 1 });

const model = base();
applyLora(model, { rank: 8, alpha: 32, dropout: 0.05, targetModules: ['q_proj', 'v_proj'], seed: 2 });
console.log(`${Object.keys(model.trainable()).length} matrices to train`); // the rest is frozen
saveAdapter(model, 'my-adapter');

const again = base();
loadAdapter(again, 'my-adapter');
mergeLora(again);
again.save('my-merged-model');
