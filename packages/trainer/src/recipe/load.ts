import { readFileSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { fileError, UserError } from '../errors.ts';
import { describeIssues } from './issues.ts';
import { applyOverrides, expandShorthands, type Plain, resolvePaths } from './overrides.ts';
import { type Recipe, recipeSchema } from './schema.ts';
import { mergeRecipes, splitStages } from './stages.ts';

/** A recipe together with where it came from. */
export interface LoadedRecipe {
  recipe: Recipe;
  /** How messages call it: the file's name as it was given. */
  label: string;
  /** Folder of the file: packages named by the recipe are looked up from here. */
  folder: string;
  /** Stages to run one after the other in place of `recipe`, which is then the last stage's. */
  stages?: readonly LoadedStage[];
}

/** One stage of a recipe of stages. */
export interface LoadedStage {
  name: string;
  /** Paths of earlier stages' models stand as `stage:name` until the run's folder is known. */
  recipe: Recipe;
}

/**
 * Reads a recipe, applies `key=value` overrides, validates, fills in defaults and makes its paths absolute.
 * @param path YAML file
 * @param overrides e.g. `['batch.size=8', 'data.train.path=my.jsonl']`; paths here are relative to the working folder
 * @throws UserError that names every wrong key, what was found and what is wanted
 */
export function loadRecipe(path: string, overrides: readonly string[] = []): LoadedRecipe {
  const name = basename(path, extname(path));
  return parseRecipe(readText(path), {
    label: basename(path),
    folder: dirname(resolve(path)),
    name,
    overrides,
  });
}

/** As `loadRecipe`, from text. `folder` is what relative paths refer to. */
export function parseRecipe(
  text: string,
  {
    label,
    folder,
    name,
    overrides = [],
  }: { label: string; folder: string; name: string; overrides?: readonly string[] },
): LoadedRecipe {
  const written = readPlain(text, label, folder);
  if (written.stages !== undefined) {
    const stages = splitStages(written, label, overrides).map((stage): LoadedStage => {
      const recipe = validate(stage.recipe, `${label}: stages.${stage.name}`, stage.name);
      return { name: stage.name, recipe };
    });
    const { name: own = name } = written;
    return { recipe: { ...stages.at(-1)!.recipe, name: String(own) }, label, folder, stages };
  }
  const { recipe: changed } = applyOverrides(written, overrides);
  return { recipe: validate(changed, label, name), label, folder };
}

/** How many recipes may extend each other. */
const DEEPEST = 8;

/** A recipe as a plain object: shorthands written out, paths absolute, over the recipe that it extends. */
function readPlain(text: string, label: string, folder: string, depth = 0): Plain {
  const document = parseDocument(text, { prettyErrors: true });
  const syntax = document.errors[0];
  if (syntax) throw new UserError(`${label}: ${syntax.message.split('\n')[0]}`);
  const raw: unknown = document.toJS();
  if (!isPlain(raw)) {
    throw new UserError(
      `${label}: a recipe is a YAML mapping with sections such as model, data and optimizer`,
    );
  }
  const settled = (recipe: Plain): Plain => {
    const written = expandShorthands(structuredClone(recipe));
    resolvePaths(written, folder);
    return written;
  };
  const { extends: base, ...own } = settled(raw);
  if (Array.isArray(own.stages)) {
    own.stages = own.stages.map((stage: unknown) => (isPlain(stage) ? settled(stage) : stage));
  }
  if (base === undefined) return own;
  if (typeof base !== 'string')
    throw new UserError(`${label}: extends must be the path of a recipe, found ${JSON.stringify(base)}`);
  if (depth === DEEPEST)
    throw new UserError(
      `${label}: recipes extend each other more than ${DEEPEST} deep; do they go in a circle?`,
    );
  const path = resolve(folder, base);
  return mergeRecipes(readPlain(readText(path), basename(path), dirname(path), depth + 1), own);
}

/** Validates a recipe and fills in its defaults. */
function validate(changed: Plain, label: string, name: string): Recipe {
  const filled = withDefaultNames(changed);
  const parsed = recipeSchema.safeParse(filled);
  if (!parsed.success) throw listProblems(label, describeIssues(parsed.error, recipeSchema, filled));
  const recipe = { ...parsed.data, name: parsed.data.name ?? name };
  const problems = contradictions(recipe, filled);
  if (problems.length > 0) throw listProblems(label, problems);
  return recipe;
}

/** All problems in one line that begins with the file. */
export function listProblems(label: string, problems: readonly string[]): UserError {
  return new UserError(`${label}: ${problems.join('; ')}`);
}

function readText(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if (error instanceof TypeError) throw new UserError(`${path}: is not UTF-8 text`);
    throw fileError(error, `cannot read the recipe ${path}`);
  }
}

/** A section that gives options but no name means the usual one. */
function withDefaultNames(recipe: Plain): Plain {
  const named = (value: unknown, name: string) =>
    value === undefined || (isPlain(value) && value.name === undefined)
      ? { name, ...(value as Plain) }
      : value;
  return {
    ...recipe,
    optimizer: named(recipe.optimizer, 'adamw'),
    schedule: named(recipe.schedule, 'cosine'),
    algorithm: named(recipe.algorithm, 'sft'),
  };
}

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What no single key can tell: sections that exclude or need each other. */
function contradictions(recipe: Recipe, written: Plain): string[] {
  const problems: string[] = [];
  const { data, schedule, batch, model } = recipe;
  const sized = isPlain(written.model) ? Object.keys(written.model) : [];
  const sizes = sized.filter((key) => !['path', 'gradientCheckpointing'].includes(key));
  if (model.path !== undefined && sizes.length > 0) {
    problems.push(
      `model.${sizes[0]} belongs to a new model, but model.path names one that has its sizes already`,
    );
  }
  for (const [key, from] of Object.entries({ train: data.train, validation: data.validation })) {
    if (from?.path !== undefined && from.generate !== undefined) {
      problems.push(`data.${key} has both path and generate: keep one`);
    }
  }
  if (data.train.path === undefined && data.train.generate === undefined) {
    problems.push('data.train needs a path (a file of examples) or generate: word-problems');
  }
  if ((schedule.steps === undefined) === (schedule.epochs === undefined)) {
    problems.push('schedule needs either steps or epochs');
  }
  if (batch.size !== undefined && batch.micro !== undefined && batch.micro > batch.size) {
    problems.push(`batch.micro must be <= batch.size (${batch.size}), found ${batch.micro}`);
  }
  const { rollout } = recipe;
  if (rollout.partial && (rollout.environment !== undefined || recipe.rounds)) {
    problems.push(
      `rollout.partial goes with neither ${rollout.environment !== undefined ? 'rollout.environment' : 'rounds'}: leave one out`,
    );
  }
  return problems;
}
