import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  addScalarHead,
  applyLora,
  CausalLM,
  loadAdapter,
  type NewDecoder,
  readConfig,
  removeScalarHead,
} from '@attune/models';
import type { Tokenizer } from '@attune/tokenizer';
import { UserError } from './errors.ts';
import { hash } from './random.ts';
import type { Recipe } from './recipe/schema.ts';

/**
 * Checks that a folder holds a model of a known family, before anything else is loaded.
 * @param key of the recipe that names the folder
 * @throws UserError naming the folder or the key of its config.json
 */
export function checkModelFolder(path: string, key = 'model.path'): void {
  if (!existsSync(join(path, 'config.json'))) {
    throw new UserError(`${path}: no config.json here; ${key} names a folder in Hugging Face layout`);
  }
  readConfig(path);
}

/**
 * The model a run begins with: read from `model.path`, or new. The same recipe always gives the same weights.
 * @throws UserError when the tokenizer has ids that the model does not know
 */
export function initialModel(recipe: Recipe, tokenizer: Tokenizer): CausalLM {
  const { path, gradientCheckpointing } = recipe.model;
  const model =
    path === undefined
      ? CausalLM.fromConfig(newConfig(recipe.model, tokenizer), { seed: hash(recipe.seed, 'weights') })
      : CausalLM.load(path);
  if (tokenizer.vocabSize > model.config.vocab_size) {
    throw new UserError(
      `${path}: the model knows ${model.config.vocab_size} tokens and the tokenizer has ${tokenizer.vocabSize}; use the model's own tokenizer`,
    );
  }
  model.gradientCheckpointing = gradientCheckpointing;
  return model;
}

/**
 * The model to train: the initial one or that of a checkpoint, with adapters when the recipe asks for them.
 * @param checkpoint folder of the checkpoint to go on from
 * @param options.head whether it needs a scalar head
 */
export function trainedModel(
  recipe: Recipe,
  tokenizer: Tokenizer,
  checkpoint: string | undefined,
  { head = false } = {},
): CausalLM {
  const model =
    recipe.adapter || checkpoint === undefined ? initialModel(recipe, tokenizer) : CausalLM.load(checkpoint);
  model.gradientCheckpointing = recipe.model.gradientCheckpointing;
  if (recipe.adapter && checkpoint !== undefined) loadAdapter(model, checkpoint);
  else if (recipe.adapter) {
    const { targets: targetModules, ...options } = recipe.adapter;
    applyLora(model, { ...options, targetModules, seed: hash(recipe.seed, 'adapter') });
  }
  if (head) addScalarHead(model, { seed: hash(recipe.seed, 'head') });
  else removeScalarHead(model);
  return model;
}

function newConfig(sizes: Recipe['model'], tokenizer: Tokenizer): NewDecoder {
  const { width, heads } = sizes;
  if (width % (2 * heads) !== 0) {
    throw new UserError(`model.width must be a multiple of 2 x model.heads (${2 * heads}), found ${width}`);
  }
  return {
    model_type: sizes.family,
    vocab_size: tokenizer.vocabSize,
    hidden_size: width,
    intermediate_size: sizes.feedForward ?? Math.ceil((width * 8) / 3 / 32) * 32,
    num_hidden_layers: sizes.layers,
    num_attention_heads: heads,
    num_key_value_heads: sizes.keyValueHeads ?? heads,
    max_position_embeddings: sizes.context,
    rope_theta: sizes.ropeBase,
    tie_word_embeddings: sizes.tiedEmbeddings,
  };
}
