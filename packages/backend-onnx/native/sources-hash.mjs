import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** SHA-256 over everything in `src`, to tell whether the libraries in `bin` were made of it. */
export function sourcesHash() {
  const folder = fileURLToPath(new URL('src/', import.meta.url));
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(folder + name));
  return hash.digest('hex');
}
