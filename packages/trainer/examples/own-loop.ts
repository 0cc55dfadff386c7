/** The parts without the recipe: an optimizer, a schedule and the step, in a loop of one's own. */
import { sft } from '@attune/algorithms';
import { useBackend } from '@attune/backend-onnx';
import { CausalLM } from '@attune/models';
import {
  adamW,
  createSchedule,
  createState,
  type EncodedExample,
  makeMicroBatches,
  TrainStep,
} from '@attune/trainer';

await useBackend('auto', { quiet: true });
const sizes = {
  vocab_size: 256,
  hidden_size: 32,
  intermediate_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 2,
};
const model = CausalLM.fromConfig({ model_type: 'llama', ...sizes }, { seed: 1 });

const settings = { optimizer: adamW({ weightDecay: 0.1 }), clipNorm: 1, ema: 0.99 };
const state = createState(settings, model.trainable());
const step = new TrainStep({ ...settings, model, state, algorithm: sft as never, options: {} });
const schedule = createSchedule({ name: 'wsd', warmup: 5, decay: 10 }, 40);

const examples: EncodedExample[] = ['to be, or not to be', 'that is the question'].map((text) => {
  const ids = Int32Array.from(new TextEncoder().encode(text));
  return { name: text, sequences: [{ ids, mask: new Uint8Array(ids.length).fill(1) }] };
});
for (let i = 0; i < 40; i++) {
  // Two micro-batches of one example each: the same as one of two.
  const batches = makeMicroBatches(examples, {
    kind: 'supervised',
    padId: 0,
    maxLength: 32,
    micro: 1,
    packing: false,
  });
  const { loss, gradNorm, culprit } = await step.run(batches, {
    step: i + 1,
    lr: 1e-2 * schedule(i),
    dropoutSeed: i,
  });
  if (culprit) throw new Error(culprit);
  if (i % 10 === 9) console.log(`step ${i + 1}: loss ${loss.toFixed(3)}, gradient ${gradNorm.toFixed(2)}`);
}
