import { UserError } from '../errors.ts';
import { nearest } from './nearest.ts';
import { applyOverrides, type Plain } from './overrides.ts';

/** Stands before the name of an earlier stage where a recipe names a model: `model: stage:cold-start`. */
const STAGE = 'stage:';

/** One stage as written: its name, and the recipe that the common sections and its own make together. */
export interface StageText {
  name: string;
  recipe: Plain;
}

/**
 * Splits a recipe of stages. What stands beside `stages` is common to all; a stage's own keys take its place. A stage
 * that names no model goes on with that of the stage before.
 * @param raw the recipe, shorthands written out, paths absolute
 * @param words `key=value` overrides: of every stage, or of one as `stages.rl.schedule.steps=5`
 * @throws UserError when the stages are no list, have no or equal names, or name stages that do not come before
 */
export function splitStages(raw: Plain, label: string, words: readonly string[]): StageText[] {
  const { stages, name: _, ...common } = raw;
  if (!Array.isArray(stages) || stages.length === 0 || !stages.every(isPlain))
    throw new UserError(`${label}: stages must be a list of sections with a name each`);
  const names = stages.map(({ name }, i) => {
    if (typeof name === 'string' && /^[\w.-]+$/.test(name)) return name;
    throw new UserError(
      `${label}: stages.${i}.name must be a word of letters, digits, - and _, found ${JSON.stringify(name) ?? 'nothing'}`,
    );
  });
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice) throw new UserError(`${label}: two stages are called ${twice}`);
  const { own, shared } = sortWords(words, names, label);
  return stages.map((stage: Plain, i) => {
    const { name: __, ...keys } = stage;
    if (i > 0 && keys.model === undefined) keys.model = { path: STAGE + names[i - 1] };
    const merged = mergeRecipes(common, keys);
    const { recipe } = applyOverrides(merged, [...shared, ...(own.get(names[i]!) ?? [])]);
    for (const value of stringsOf(recipe)) {
      if (!value.startsWith(STAGE) || names.slice(0, i).includes(value.slice(STAGE.length))) continue;
      throw new UserError(
        `${label}: stages.${names[i]} names ${value}, which is no stage before it (${names.slice(0, i).join(', ') || 'it is the first'})`,
      );
    }
    return { name: names[i]!, recipe };
  });
}

/** Puts model folders in the place of `stage:name`, in place. @param folderOf the model folder of a stage */
export function resolveStages<T>(value: T, folderOf: (stage: string) => string): T {
  if (typeof value === 'string')
    return (value.startsWith(STAGE) ? folderOf(value.slice(STAGE.length)) : value) as T;
  if (Array.isArray(value)) return value.map((each) => resolveStages(each, folderOf)) as T;
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, resolveStages(each, folderOf)]),
  ) as T;
}

function sortWords(words: readonly string[], names: readonly string[], label: string) {
  const own = new Map<string, string[]>();
  const shared: string[] = [];
  for (const word of words) {
    const [, name, rest] = word.match(/^stages\.([^.=]+)\.(.+)$/) ?? [];
    if (name === undefined) shared.push(word);
    else if (names.includes(name)) own.set(name, [...(own.get(name) ?? []), rest!]);
    else {
      const near = nearest(name, names);
      throw new UserError(
        `${label}: there is no stage ${name}; ${near ? `did you mean ${near}?` : `stages: ${names.join(', ')}`}`,
      );
    }
  }
  return { own, shared };
}

/**
 * A recipe's keys over those of another. A section of another name, a source, a model and a schedule take the other's
 * place whole; other sections are merged key by key.
 */
export function mergeRecipes(common: Plain, own: Plain, path = ''): Plain {
  const merged: Plain = { ...common };
  for (const [key, value] of Object.entries(own)) {
    const before = common[key];
    const here = path + key;
    const whole =
      ['model', 'data.train', 'data.validation', 'schedule'].includes(here) ||
      (isPlain(value) && isPlain(before) && value.name !== undefined && value.name !== before.name);
    merged[key] =
      isPlain(value) && isPlain(before) && !whole ? mergeRecipes(before, value, `${here}.`) : value;
  }
  return merged;
}

function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
