import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What `createAlgorithm` writes, and where. */
export interface CreateOptions {
  /** Name of the npm package, e.g. `my-loss` or `@acme/my-loss`. Recipes name the algorithm by it. */
  name: string;
  /** Folder to write to. Default: the name without its scope, in the current folder. */
  folder?: string;
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** npm leaves a `.gitignore` out of packages and misreads a second `package.json`; the template has other names. */
const RENAMED: Record<string, string> = { _gitignore: '.gitignore', '_package.json': 'package.json' };

/**
 * Writes a package that holds a post-training algorithm: its definition, a test, a README. The template is a working
 * package called `my-loss`; only its names and the versions of its dependencies are replaced.
 *
 * @returns the folder, absolute
 * @throws when the name is no npm package name, or the folder holds files already
 */
export function createAlgorithm({ name, folder }: CreateOptions): string {
  const bare = name.replace(/^@[a-z0-9-~][a-z0-9-._~]*\//, '');
  if (!/^[a-z][a-z0-9-]*$/.test(bare))
    throw new Error(`package name must be like my-loss or @acme/my-loss (lower case), found '${name}'`);
  const target = resolve(folder ?? bare);
  if (existsSync(target) && readdirSync(target).length > 0)
    throw new Error(`${target} holds files already; name another folder`);

  const identifier = bare.replace(/-+(.)?/g, (_, letter = '') => letter.toUpperCase());
  const template = join(root, 'template');
  for (const entry of readdirSync(template, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const inTemplate = relative(template, source);
    const file = RENAMED[inTemplate] ?? inTemplate;
    const text = readFileSync(source, 'utf8').replaceAll('my-loss', name).replaceAll('myLoss', identifier);
    mkdirSync(dirname(join(target, file)), { recursive: true });
    writeFileSync(join(target, file), file === 'package.json' ? withVersions(text) : text);
  }
  return target;
}

/** The template's dependencies at the versions that this package itself was tested with. */
function withVersions(manifest: string): string {
  const tested = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies;
  const parsed = JSON.parse(manifest);
  for (const field of ['dependencies', 'peerDependencies', 'devDependencies']) {
    for (const name of Object.keys(parsed[field])) {
      const range: string = tested[name];
      parsed[field][name] = range.startsWith('workspace:') ? '*' : range;
    }
  }
  return `${JSON.stringify(parsed, null, 2)}\n`;
}
