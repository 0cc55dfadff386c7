/** Reads keys of a config object; every complaint names the source, the key, the value found and the value wanted. */
export interface ConfigReader {
  /** A whole number >= 1. Without a default the key is required. */
  count(key: string, fallback?: number): number;
  /** A finite number > 0. Without a default the key is required. */
  positive(key: string, fallback?: number): number;
  flag(key: string, fallback: boolean): boolean;
  oneOf<T extends string>(key: string, choices: readonly T[], fallback?: T): T;
  /** The raw value; `null` counts as absent. */
  optional(key: string): unknown;
  /** A reader of a nested object. */
  nested(key: string): ConfigReader;
  /** The error to throw for a key. */
  wrong(key: string, wanted: string, found?: unknown): Error;
}

/** A reader over `json`; `source` is how errors call it, e.g. the file's path. */
export function configReader(json: Record<string, unknown>, source: string, prefix = ''): ConfigReader {
  const optional = (key: string): unknown => json[key] ?? undefined;
  const wrong = (key: string, wanted: string, found = optional(key)): Error =>
    new Error(
      `${source}: ${prefix}${key} must be ${wanted}, found ${found === undefined ? 'nothing' : JSON.stringify(found)}`,
    );
  const read = <T>(key: string, wanted: string, fits: (v: unknown) => v is T, fallback?: T): T => {
    const value = optional(key) ?? fallback;
    if (!fits(value)) throw wrong(key, wanted, value);
    return value;
  };
  return {
    optional,
    wrong,
    count: (key, fallback) => read(key, 'a whole number >= 1', isCount, fallback),
    positive: (key, fallback) => read(key, 'a number > 0', isPositive, fallback),
    flag: (key, fallback) => read(key, 'true or false', isBoolean, fallback),
    oneOf: <T extends string>(key: string, choices: readonly T[], fallback?: T) =>
      read(
        key,
        choices.length === 1 ? JSON.stringify(choices[0]) : `one of ${choices.join(', ')}`,
        (v): v is T => choices.includes(v as T),
        fallback,
      ),
    nested: (key) => {
      const value = read(key, 'an object', isObject);
      return configReader(value, source, `${prefix}${key}.`);
    },
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isPositive(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) > 0;
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
