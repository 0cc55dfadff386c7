/**
 * Writes Japanese prose to a file: paragraphs of Debian's documentation and manual pages in Japanese, without mark-up,
 * of which more than 60% of the characters are Japanese.
 *
 *   apt-get download debian-reference-ja developers-reference-ja maint-guide-ja manpages-ja manpages-ja-dev
 *   for each: dpkg-deb -x *.deb FOLDER
 *   node tooling/bench/japanese-text.mjs FOLDER > japanese.txt
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node tooling/bench/japanese-text.mjs FOLDER');
  process.exit(2);
}
const paragraphs = new Set();

function keep(text) {
  if (text.length < 40) return;
  let japanese = 0;
  for (const char of text) if (char > '\u3000') japanese++;
  if (japanese / text.length > 0.6) paragraphs.add(text);
}

const read = (path) => {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
};

const ENTITIES = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&amp;': '&' };

for (const name of readdirSync(folder, { recursive: true }).sort()) {
  const path = join(folder, name);
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) continue;
  if (/\bja\b/.test(name) && /\.html(\.gz)?$/.test(name)) {
    for (const [, html] of read(path).matchAll(/<p[^>]*>(.*?)<\/p>/gs)) {
      const text = html.replace(/<[^>]+>/g, '').replace(/&(lt|gt|quot|amp);/g, (entity) => ENTITIES[entity]);
      keep(text.replace(/\s+/g, ' ').trim());
    }
  } else if (/man\/ja\/man\d\/.*\.gz$/.test(name)) {
    let paragraph = '';
    for (const line of [...read(path).split('\n'), '.']) {
      if (!/^[.']|^$/.test(line)) paragraph += line.replace(/\\f.|\\-|\\&/g, '').trim();
      else {
        keep(paragraph);
        paragraph = '';
      }
    }
  }
}
process.stdout.write(`${[...paragraphs].join('\n')}\n`);
