import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BatchKind } from './batches.ts';
import { contrastiveMethods } from './contrastive/index.ts';
import type { AnyAlgorithm } from './definition.ts';
import { distillationMethods } from './distillation/index.ts';
import { listMethods } from './lists/index.ts';
import { nearest } from './nearest.ts';
import { pairMethods } from './pairs/index.ts';
import { policyGradientMethods } from './policy-gradient/index.ts';
import { rewardModels } from './reward-models/index.ts';
import { selfPlayMethods } from './self-play/index.ts';
import { supervisedMethods } from './supervised/index.ts';
import { unpairedMethods } from './unpaired/index.ts';

/** The built-in algorithms, by the name that recipes use. */
export const algorithms: Record<string, AnyAlgorithm> = {
  ...supervisedMethods,
  ...rewardModels,
  ...pairMethods,
  ...unpairedMethods,
  ...listMethods,
  ...selfPlayMethods,
  ...policyGradientMethods,
  ...distillationMethods,
  ...contrastiveMethods,
};

/** What people call some of them elsewhere, for the hint when a name is not found. */
const ELSEWHERE: Record<string, string> = {
  sigmoid: 'dpo',
  hinge: 'slic',
  robust: 'robust-dpo',
  'exo-pair': 'exo',
  'nca-pair': 'nca',
  'sigmoid-norm': 'dpo-norm',
  prm: 'process-reward-model',
  orm: 'outcome-reward-model',
  rm: 'reward-model',
  'bradley-terry': 'reward-model',
  'plackett-luce': 'listwise-reward-model',
  pav: 'process-advantage',
  nn: 'd2o',
  'negating-negatives': 'd2o',
  rlaif: 'online-dpo',
  'ppo-ptx': 'ppo',
  'gspo-token': 'gspo',
  'reinforce-plus-plus': 'reinforce++',
};

/** Where `resolveAlgorithm` looks for packages and files. */
export interface ResolveOptions {
  /** Folder to resolve from: its `node_modules`, then those of its parents. Default: the current folder. */
  from?: string;
}

/**
 * Finds an algorithm by what a recipe says: the name of a built-in (`dpo`), a package (`@acme/my-loss`, installed
 * at `from` or above) or a module file (`./my-loss.js`) whose default export is an `AlgorithmDefinition`.
 *
 * @throws one line when nothing of that name is found (naming the nearest built-in), when the module fails to load,
 *   and when its default export is no definition (naming the first field that is wrong)
 */
export async function resolveAlgorithm(
  name: string,
  { from = '.' }: ResolveOptions = {},
): Promise<AnyAlgorithm> {
  if (Object.hasOwn(algorithms, name)) return algorithms[name]!;
  const entry = /^\.{0,2}\//.test(name) ? resolve(from, name) : packageEntry(name, resolve(from));
  if (!entry || !existsSync(entry)) {
    const plain = name.toLowerCase().replaceAll('_', '-');
    const meant = Object.hasOwn(ELSEWHERE, plain)
      ? ELSEWHERE[plain]
      : nearest(plain, Object.keys(algorithms));
    throw new Error(
      `algorithm '${name}' is neither built in nor a package installed at ${resolve(from)}; ` +
        (meant
          ? `did you mean '${meant}'?`
          : `npm install ${name}, or one of ${Object.keys(algorithms).join(', ')}`),
    );
  }
  const module = await load(name, entry);
  const problem = definitionProblem(module.default);
  if (problem)
    throw new Error(`algorithm '${name}' (${entry}): the default export is no definition: ${problem}`);
  return module.default as AnyAlgorithm;
}

async function load(name: string, entry: string): Promise<{ default?: unknown }> {
  try {
    return await import(pathToFileURL(entry).href);
  } catch (error) {
    throw new Error(`algorithm '${name}' (${entry}) failed to load: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * File that `import name` would load from `folder`. Node resolves only from the importing module's own place, which
 * here is this package instead of the user's project.
 */
function packageEntry(name: string, folder: string): string | undefined {
  const root = join(folder, 'node_modules', name);
  const manifest = join(root, 'package.json');
  if (!existsSync(manifest)) {
    const parent = dirname(folder);
    return parent === folder ? undefined : packageEntry(name, parent);
  }
  const { exports, main } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    exports?: unknown;
    main?: string;
  };
  return join(root, exportTarget(exports) ?? main ?? 'index.js');
}

/** The target of `.` in a package's `exports`, for an `import` on Node: conditions in the order they are written. */
function exportTarget(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return undefined;
  for (const [key, value] of Object.entries(exports)) {
    const target = ['.', 'node', 'import', 'default'].includes(key) ? exportTarget(value) : undefined;
    if (target) return target;
  }
  return undefined;
}

/** What keeps a value from being an `AlgorithmDefinition`, or undefined. */
function definitionProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null)
    return `expected an object, found ${value === null ? 'null' : typeof value}`;
  const found = value as Partial<AnyAlgorithm>;
  const kinds: BatchKind[] = [
    'supervised',
    'pairwise',
    'unpaired',
    'listwise',
    'stepwise',
    'rollout',
    'distillation',
    'contrastive',
  ];
  if (typeof found.name !== 'string' || found.name === '')
    return `name must be a non-empty string, found ${found.name}`;
  if (!kinds.includes(found.batch!)) return `batch must be one of ${kinds.join(', ')}, found ${found.batch}`;
  if (typeof found.options?.safeParse !== 'function') return 'options must be a zod schema';
  if (typeof found.loss !== 'function') return `loss must be a function, found ${typeof found.loss}`;
  if (found.batch === 'rollout' && typeof found.advantages !== 'function')
    return 'a rollout algorithm needs advantages, a function from rewards to advantages';
  return undefined;
}
