import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** SHA-256 over the source of a core and all that it includes, to tell whether its module was made of them. */
export function sourcesHash(name) {
  const folder = fileURLToPath(new URL('src/', import.meta.url));
  const hash = createHash('sha256');
  const seen = new Set();
  const visit = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    const source = readFileSync(folder + file, 'utf8');
    hash.update(file).update(source);
    for (const [, included] of source.matchAll(/^#include "(.+)"$/gm)) visit(included);
  };
  visit(`${name}.c`);
  return hash.digest('hex');
}
