import { resolve } from 'node:path';
import { parse } from 'yaml';
import { UserError } from '../errors.ts';

/** A plain object as YAML gives it. */
export type Plain = Record<string, unknown>;

/** Sections that may be written as one word, and the key that the word stands for. */
const shorthands: Record<string, string> = {
  algorithm: 'name',
  optimizer: 'name',
  schedule: 'name',
  model: 'path',
  tokenizer: 'path',
  output: 'folder',
  teacher: 'path',
  critic: 'path',
};

/** Keys whose value is a path: relative to the recipe in the recipe, to the working folder on the command line. */
const pathKeys = [
  'model.path',
  'tokenizer.path',
  'data.train.path',
  'data.validation.path',
  'data.supervised.path',
  'data.pairwise.path',
  'critic.path',
  'teacher.path',
  'rounds.model',
  'rollout.environment',
];

/** What a key takes the place of when it is given on the command line. */
const replaces: Record<string, readonly string[]> = {
  'schedule.steps': ['schedule.epochs'],
  'schedule.epochs': ['schedule.steps'],
  'data.train.path': ['data.train.generate'],
  'data.train.generate': ['data.train.path'],
  'data.validation.path': ['data.validation.generate', 'data.validation.fraction'],
  'data.validation.generate': ['data.validation.path', 'data.validation.fraction'],
  'data.validation.fraction': ['data.validation.path', 'data.validation.generate'],
  // A model that is read brings its own sizes.
  'model.path': ['family', 'layers', 'heads', 'keyValueHeads', 'width', 'feedForward', 'context']
    .concat('tiedEmbeddings', 'ropeBase')
    .map((size) => `model.${size}`),
};

/** Writes `algorithm: dpo` out as `algorithm: { name: dpo }`, and likewise for the other sections. */
export function expandShorthands(recipe: Plain): Plain {
  const expanded = { ...recipe };
  for (const [section, key] of Object.entries(shorthands)) {
    const value = expanded[section];
    if (typeof value === 'string') expanded[section] = { [key]: value };
  }
  return expanded;
}

/**
 * Applies `key=value` words, e.g. `batch.size=8` or `rewards.0.weight=2`; values are YAML. Sections that the
 * recipe lacks are created, and what a key excludes goes: `schedule.steps=10` takes the place of `epochs`.
 * @returns the recipe with the overrides, and the dotted keys that were set
 * @throws UserError when a word has no `=` or walks into a value that has no parts
 */
export function applyOverrides(recipe: Plain, words: readonly string[]): { recipe: Plain; keys: string[] } {
  let changed = structuredClone(recipe);
  const keys = words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 1) throw new UserError(`${word}: an override is written key=value, e.g. batch.size=8`);
    const key = word.slice(0, equals);
    set(changed, key.split('.'), parseValue(word.slice(equals + 1)), word);
    changed = expandShorthands(changed);
    resolvePaths(changed, process.cwd(), key);
    for (const other of replaces[key] ?? []) remove(changed, other.split('.'));
    return key;
  });
  return { recipe: changed, keys };
}

/**
 * Makes the paths of a recipe absolute, in place.
 * @param folder what they are relative to
 * @param within only those at or below this dotted key
 */
export function resolvePaths(recipe: Plain, folder: string, within?: string): void {
  for (const key of pathKeys) {
    if (within !== undefined && key !== within && !key.startsWith(`${within}.`)) continue;
    const parts = key.split('.');
    const last = parts.pop()!;
    const parent = parts.reduce<unknown>((at, part) => (at as Plain | undefined)?.[part], recipe) as
      | Plain
      | undefined;
    if (typeof parent?.[last] === 'string') parent[last] = settle(folder, parent[last]);
  }
  const rewards = within === undefined || within.startsWith('rewards') ? recipe.rewards : undefined;
  for (const reward of Array.isArray(rewards) ? rewards : []) {
    if (typeof reward?.path === 'string') reward.path = settle(folder, reward.path);
  }
}

/** An absolute path; the name of a stage stays as it is. */
function settle(folder: string, path: string): string {
  return path.startsWith('stage:') ? path : resolve(folder, path);
}

function remove(recipe: Plain, path: string[]): void {
  const parent = path.slice(0, -1).reduce<unknown>((at, part) => (at as Plain | undefined)?.[part], recipe);
  if (typeof parent === 'object' && parent !== null) delete (parent as Plain)[path.at(-1)!];
}

function parseValue(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return text;
  }
}

function set(target: Plain, path: string[], value: unknown, word: string): void {
  let place: Plain = target;
  for (const [i, part] of path.slice(0, -1).entries()) {
    const section = i === 0 ? shorthands[part] : undefined;
    if (place[part] === undefined || place[part] === null) place[part] = {};
    else if (section && typeof place[part] === 'string') place[part] = { [section]: place[part] };
    const next = place[part];
    if (typeof next !== 'object' || next === null) {
      throw new UserError(
        `${word}: ${path.slice(0, i + 1).join('.')} is ${JSON.stringify(next)}, it has no parts`,
      );
    }
    place = next as Plain;
  }
  place[path.at(-1)!] = value;
}
