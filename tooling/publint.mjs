// Checks every published package as npm users will receive it. Prints one line a package; exit code 1 on an error.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

let failed = 0;
for (const root of ['packages', 'apps', 'tooling']) {
  for (const name of readdirSync(root)) {
    const pkgDir = join(root, name);
    let pkg;
    try {
      pkg = JSON.parse(readFileSync(join(pkgDir, 'package.json'), 'utf8'));
    } catch {
      continue; // not a package
    }
    if (pkg.private) continue;
    const { messages } = await publint({ pkgDir, strict: true, pack: false });
    const text = messages.map((message) => `    ${message.type}: ${formatMessage(message, pkg)}`);
    console.log(`${messages.length ? 'FAIL' : 'ok  '} ${pkg.name}`);
    if (text.length) console.log(text.join('\n'));
    failed += messages.length ? 1 : 0;
  }
}
process.exitCode = failed ? 1 : 0;
