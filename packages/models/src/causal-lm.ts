import { linearCrossEntropy, pickRows } from '@attune/backend-onnx/ops';
import {
  gather,
  neg,
  reshape,
  slice,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tensor,
  tidy,
  type Variable,
  variable,
} from '@tensorflow/tfjs-core';
import { createCache, type KvCache } from './cache.ts';
import { readParameters, type SaveOptions, saveModel } from './checkpoint-folder.ts';
import { type DecoderConfig, type NewDecoder, parseConfig, readConfig } from './config.ts';
import {
  type DecoderInputs,
  decoderHidden,
  decoderLogits,
  decoderStep,
  outputWeight,
  type StepInputs,
  type StepOutput,
} from './decoder.ts';
import { type Pooling, pool } from './embedding.ts';
import { initialValues } from './init.ts';
import type { LoraState } from './lora.ts';
import { type ParameterShapes, parameterShapes } from './parameters.ts';
import { SCALAR_HEAD, scalarHead } from './scalar-head.ts';

/** A decoder-only language model: a configuration, variables, and the forward pass over them. */
export class CausalLM {
  readonly config: DecoderConfig;
  /** Variables by Hugging Face name; LoRA's matrices stand among them as `<projection>.lora_A.weight`. */
  readonly params: Record<string, Variable>;
  /** Set while LoRA is applied; see `applyLora`. */
  lora: LoraState | undefined;
  /** Trade time for memory: keep only each layer's input for the backward pass. Default false. */
  gradientCheckpointing = false;

  /** Takes the parameters as they are; `fromConfig` and `load` create them. */
  constructor(config: DecoderConfig, params: Record<string, Variable>, lora?: LoraState) {
    this.config = config;
    this.params = params;
    this.lora = lora;
  }

  /**
   * A model with fresh weights, a pure function of the configuration and the seed.
   *
   * @throws one line naming the key, when the configuration does not hold together
   */
  static fromConfig(config: NewDecoder, { seed }: { seed: number }): CausalLM {
    const checked = parseConfig(config);
    return createModel(checked, (name, shape) => initialValues(name, shape, checked, seed));
  }

  /**
   * Reads a Hugging Face folder: config.json and model.safetensors, or its shards. Weights are widened to float32.
   * Of a sequence classifier with one label (a reward model) the scalar head is read too; one without an output matrix
   * has scores alone, its logits mean nothing.
   *
   * @throws one line naming the file and the key or tensor, when something is missing or does not fit
   */
  static load(dir: string): CausalLM {
    const config = readConfig(dir);
    const shapes = (names: ReadonlySet<string>) => {
      const { 'lm_head.weight': output, ...wanted } = parameterShapes(config);
      const scores = names.has(SCALAR_HEAD);
      if (output && (names.has('lm_head.weight') || !scores)) wanted['lm_head.weight'] = output;
      if (scores) wanted[SCALAR_HEAD] = [1, config.hidden_size];
      return wanted;
    };
    return readParameters(dir, shapes, (read, wanted) => createModel(config, read, wanted));
  }

  /**
   * Writes config.json and the weights in Hugging Face layout, each file atomically. The folder is created.
   *
   * @throws when LoRA is applied: merge it first, or save it alone with `saveAdapter`
   */
  save(dir: string, options: SaveOptions = {}): void {
    if (this.lora)
      throw new Error(
        'save: the model carries LoRA adapters; call mergeLora first, or saveAdapter to save them alone',
      );
    saveModel(dir, this.config, this.params, options);
  }

  /** What an optimizer updates, by name: all parameters, or LoRA's alone while it is applied. */
  trainable(): Record<string, Variable> {
    return Object.fromEntries(Object.entries(this.params).filter(([, parameter]) => parameter.trainable));
  }

  /** Hidden states after the last norm, `[batch, seq, d]`. */
  hidden(inputs: DecoderInputs): Tensor3D {
    const { gradientCheckpointing, lora: adapters } = this;
    return tidy(() => decoderHidden(this.params, this.config, inputs, { adapters, gradientCheckpointing }));
  }

  /**
   * Logits, `[batch, seq, vocab]`.
   *
   * @param keep compute only those of the last `keep` positions, `[batch, keep, vocab]`; default all
   */
  logits(inputs: DecoderInputs, { keep }: { keep?: number } = {}): Tensor3D {
    return tidy(() => decoderLogits(this.params, lastPositions(this.hidden(inputs), keep)));
  }

  /**
   * Log-probability of each label, `[batch, seq]`; 0 where the label is −100. All logits never exist at once.
   *
   * @param labels int32 `[batch, seq]`, already shifted: `labels[b, t]` follows `inputIds[b, t]`
   * @param labelled where labels are, to leave the other places out of the output layer; with `read`, the inputs' rows
   *   may be others than those of the labels
   */
  logProbs(inputs: DecoderInputs, labels: Tensor2D, labelled?: LabelledPlaces): Tensor2D {
    return tidy(() => {
      const hidden = this.hidden(inputs);
      const weight = outputWeight(this.params);
      if (!labelled) return neg(linearCrossEntropy(hidden, weight, labels));
      const { places, inverse, read = labelled } = labelled;
      const [batch, seq, d] = hidden.shape;
      const rows = pickRows(reshape(hidden, [batch * seq, d]), read.places, read.inverse);
      const losses = linearCrossEntropy<Tensor1D>(
        rows,
        weight,
        gather(reshape(labels, [labels.size]), places),
      );
      return reshape(pickRows(neg(losses), inverse, places), labels.shape);
    });
  }

  /** What the scalar head says at each token, having read it, `[batch, seq]`. @throws when there is none: `addScalarHead` */
  scores(inputs: DecoderInputs): Tensor2D {
    return tidy(() => scalarHead(this.params, this.hidden(inputs)));
  }

  /**
   * One vector for each row, e.g. the embedding of a text, `[batch, d]`.
   *
   * @param mask 1 where a token counts, without gaps, else 0; float32 `[batch, seq]`
   */
  embed(inputs: DecoderInputs, mask: Tensor2D, pooling: Pooling = 'mean'): Tensor2D {
    return tidy(() => pool(this.hidden(inputs), mask, pooling));
  }

  /** An empty key-value cache for this model. */
  createCache(batch: number, capacity: number): KvCache {
    return createCache(this.config, batch, capacity);
  }

  /**
   * Feeds new tokens to a model that decodes: a prompt, then token after token. The cache is consumed; dispose of its
   * tensors afterwards and go on with the one returned. For logits, `project` the hidden states.
   */
  step(inputs: StepInputs): StepOutput {
    return tidy(() => decoderStep(this.params, this.config, inputs, { adapters: this.lora }));
  }

  /** Hidden states, e.g. those of a step, → logits: `[..., d]` → `[..., vocab]`. */
  project<T extends Tensor3D | Tensor2D>(hidden: T): T {
    return tidy(() => decoderLogits(this.params, hidden));
  }

  /** The same model without its adapters. It shares the variables: do not dispose of it. */
  withoutLora(): CausalLM {
    const own = Object.entries(this.params).filter(([name]) => !name.includes('.lora_'));
    return new CausalLM(this.config, Object.fromEntries(own));
  }

  /** A model of equal weights in variables of its own, e.g. a frozen reference. */
  clone(): CausalLM {
    const copies = Object.entries(this.params).map(([name, p]) => [name, variable(p, p.trainable)] as const);
    return new CausalLM(this.config, Object.fromEntries(copies), this.lora);
  }

  /** Frees every variable. */
  dispose(): void {
    for (const parameter of Object.values(this.params)) parameter.dispose();
  }
}

/** Which places of a batch have labels. */
export interface LabelledPlaces extends PickedPlaces {
  /** Where the tokens before those labels are, if the model reads rows of another layout. */
  read?: PickedPlaces;
}

/** Some of the places of a batch. */
export interface PickedPlaces {
  /** int32 `[picked]`: places in the flat batch, `batch · seq` of them, that have labels; the rest name one that has none. */
  places: Tensor1D;
  /** int32 `[batch · seq]`: where each place is among those picked; for places without labels the first one of the rest. */
  inverse: Tensor1D;
}

function createModel(
  config: DecoderConfig,
  values: (name: string, shape: number[]) => Float32Array,
  shapes: ParameterShapes = parameterShapes(config),
): CausalLM {
  const entries = Object.entries(shapes).map(
    ([name, shape]) => [name, tidy(() => variable(tensor(values(name, shape), shape)))] as const,
  );
  return new CausalLM(config, Object.fromEntries(entries));
}

function lastPositions(hidden: Tensor3D, keep: number | undefined): Tensor3D {
  const [batch, seq, d] = hidden.shape;
  if (keep === undefined) return hidden;
  if (!(Number.isInteger(keep) && keep >= 1 && keep <= seq))
    throw new Error(
      `logits: keep must be a whole number from 1 to ${seq} (the sequence length), found ${keep}`,
    );
  return slice(hidden, [0, seq - keep, 0], [batch, keep, d]);
}
