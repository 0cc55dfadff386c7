import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { RewardError } from '../failure.ts';

/** Languages of the sandbox. */
export type Language = 'python' | 'javascript';

/** Where an interpreter lies. */
export interface Engine {
  /** Modules to import. */
  paths: string[];
  /** Folders that the process may read. */
  folders: string[];
}

/** Packages of each language, the one to import first. */
const packages = {
  python: ['pyodide'],
  javascript: ['@jitl/quickjs-ng-wasmfile-release-sync', 'quickjs-emscripten-core'],
} as const;
/** What these import. */
const imports = ['@jitl/quickjs-ffi-types'];

/**
 * Finds the interpreter of a language among the installed packages.
 * @throws RewardError (`unavailable`) when it is not installed
 */
export function findEngine(language: Language): Engine {
  const names = packages[language];
  const require = createRequire(import.meta.url);
  let entries: string[];
  try {
    entries = names.map((name) => require.resolve(name));
  } catch {
    const what = names.join(' ');
    const message = `sandbox: ${language} needs what is not installed: npm install ${what}`;
    throw new RewardError('unavailable', message);
  }
  // Imports are looked up under the names of links, where package managers make links.
  const links = entries.flatMap((entry) => {
    const own = createRequire(entry);
    return imports.flatMap((each) => (own.resolve.paths(each) ?? []).map((place) => join(place, each)));
  });
  const imported = links.filter((link) => existsSync(link));
  const folders = [...entries.map(packageFolder), ...imported, ...imported.map((link) => realpathSync(link))];
  // Pyodide's entry for `require` is not the one for `import`.
  const paths = entries.map((entry) => entry.replace(/pyodide\.js$/, 'pyodide.mjs'));
  return { paths, folders: [...new Set(folders.map((folder) => `${folder}/`))] };
}

/** The nearest folder above a file that is a package, not a part of one. */
function packageFolder(file: string): string {
  let folder = dirname(file);
  while (!existsSync(`${folder}/package.json`) || /[\\/]dist$/.test(folder)) folder = dirname(folder);
  return folder;
}
