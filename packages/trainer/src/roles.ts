import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Needs } from '@attune/algorithms';
import { addScalarHead, CausalLM, hasScalarHead } from '@attune/models';
import type { Tokenizer } from '@attune/tokenizer';
import { assignAll, restoreState } from './checkpoint/state.ts';
import { readTokenizer } from './data/tokenizer.ts';
import { UserError } from './errors.ts';
import { ReferenceSync } from './loop/reference-sync.ts';
import { createState, type TrainState, type UpdateSettings } from './loop/update.ts';
import { checkModelFolder, initialModel } from './model.ts';
import { hash } from './random.ts';
import type { Recipe } from './recipe/schema.ts';

/** What roles are cast from. */
export interface CastOptions {
  recipe: Recipe;
  needs: Needs;
  model: CausalLM;
  tokenizer: Tokenizer;
  /** Folder of the checkpoint to go on from. */
  checkpoint: string | undefined;
  settings: UpdateSettings;
}

/** The models beside the one that is trained, each made when it is first asked for. */
export class Roles {
  /** Trained along with the policy. */
  readonly critic: CausalLM | undefined;
  readonly criticState: TrainState | undefined;
  readonly teacher: CausalLM | undefined;
  /** Lets the reference follow the policy. */
  readonly sync: ReferenceSync | undefined;
  private readonly options: CastOptions;
  private frozen: CausalLM | undefined;
  private readonly own: CausalLM[] = [];

  constructor(options: CastOptions) {
    this.options = options;
    const { needs, recipe, checkpoint, settings } = options;
    if (needs.critic) {
      this.critic = this.keep(createCritic(options));
      // No average is kept of a critic: it is not what a run is for.
      this.criticState = createState({ ...settings, ema: undefined }, this.critic.params);
      if (checkpoint) restoreState(join(checkpoint, 'critic'), this.criticState);
    }
    if (needs.teacher) this.teacher = this.keep(loadTeacher(recipe, options));
    if (needs.referenceSync) {
      const follower = this.keep(this.options.model.lora ? this.options.model.clone() : this.initial());
      this.frozen = follower;
      this.sync = new ReferenceSync(options.model, follower, needs.referenceSync);
      if (checkpoint) assignAll(join(checkpoint, 'reference.safetensors'), this.sync.parameters);
    }
  }

  /** The model before all training; with adapters the base without them. With a sync, the model that follows. */
  get reference(): CausalLM {
    const { model } = this.options;
    this.frozen ??= model.lora ? model.withoutLora() : this.keep(this.initial());
    return this.frozen;
  }

  /** The reference where it is run with each batch: because it moves, or because its logits are wanted. */
  get liveReference(): CausalLM | undefined {
    const { reference, referenceSync, logits } = this.options.needs;
    return reference && (referenceSync || logits) ? this.reference : undefined;
  }

  /** Frees a reference that has said all it had to say. */
  releaseReference(): void {
    const place = this.frozen ? this.own.indexOf(this.frozen) : -1;
    if (place >= 0) this.own.splice(place, 1)[0]!.dispose();
    this.frozen = undefined;
  }

  dispose(): void {
    for (const model of this.own) model.dispose();
    this.sync?.dispose();
  }

  private initial(): CausalLM {
    const { recipe, tokenizer } = this.options;
    return initialModel(recipe, tokenizer);
  }

  /** Frees a model together with the others. */
  keep(model: CausalLM): CausalLM {
    this.own.push(model);
    return model;
  }
}

/** A critic begins as the policy does, or from a folder of its own, e.g. a reward model's. */
function createCritic({ recipe, model, tokenizer, checkpoint }: CastOptions): CausalLM {
  const { path } = recipe.critic;
  const from = checkpoint ? join(checkpoint, 'critic') : path;
  if (!checkpoint && path !== undefined) checkModelFolder(path, 'critic.path');
  const critic = from === undefined ? initialModel(recipe, tokenizer) : CausalLM.load(from);
  if (!checkpoint && path !== undefined)
    refuseOtherTokenizer('critic.path', path, critic, { model, tokenizer });
  addScalarHead(critic, { seed: hash(recipe.seed, 'critic') });
  critic.gradientCheckpointing = recipe.model.gradientCheckpointing;
  return critic;
}

function loadTeacher({ teacher, algorithm }: Recipe, others: Others): CausalLM {
  if (!teacher) {
    throw new UserError(`${algorithm.name} learns from a teacher; name its folder with teacher.path`);
  }
  checkModelFolder(teacher.path, 'teacher.path');
  const loaded = CausalLM.load(teacher.path);
  refuseOtherTokenizer('teacher.path', teacher.path, loaded, others);
  return loaded;
}

/** Reads a reward model. @throws UserError when the folder holds none, or one of another vocabulary */
export function loadRewardModel(path: string, others: Others): CausalLM {
  checkModelFolder(path, 'rewards');
  const loaded = CausalLM.load(path);
  if (!hasScalarHead(loaded)) {
    throw new UserError(
      `${path}: has no scalar head (score.weight), so it is no reward model; train one, e.g. algorithm: reward-model`,
    );
  }
  refuseOtherTokenizer('rewards', path, loaded, others);
  return loaded;
}

/** Models that share token ids must share the tokenizer. @throws UserError when a folder holds another one */
export function refuseOtherTokenizer(key: string, path: string, loaded: CausalLM, others: Others): void {
  const [theirs, ours] = [loaded.config.vocab_size, others.model.config.vocab_size];
  if (theirs !== ours) {
    throw new UserError(
      `${key}: ${path} has a vocabulary of ${theirs} tokens and the trained model one of ${ours}; both must use the same tokenizer`,
    );
  }
  if (!existsSync(join(path, 'tokenizer.json'))) return;
  const same = JSON.stringify(readTokenizer(path).toJSON()) === JSON.stringify(others.tokenizer.toJSON());
  if (!same) {
    throw new UserError(
      `${key}: ${path} has another tokenizer than the trained model; both must use the same`,
    );
  }
}

/** The trained model and its tokenizer. */
type Others = Pick<CastOptions, 'model' | 'tokenizer'>;
