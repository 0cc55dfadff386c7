/**
 * The texts of the tokenizer benchmark, cut into chunks of at most 20 kB of UTF-8:
 * - english: `text/*.txt` of the data folder;
 * - japanese: the file that ATTUNE_BENCH_JAPANESE names (`tooling/bench/japanese-text.mjs` makes one from Debian's
 *   documentation), else sentences drawn from a list of words with a seed;
 * - code: JavaScript and TypeScript sources under `node_modules`.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

const SIZE = 1_400_000;
const CHUNK = 20_000;

/** @returns {Record<string, { chunks: string[], lines: string[], about: string }>} */
export function readTexts(data, root) {
  return {
    english: described(
      readdirSync(join(data, 'text'))
        .filter((name) => name.endsWith('.txt'))
        .sort()
        .map((name) => readFileSync(join(data, 'text', name), 'utf8')),
      'text/*.txt of the data folder',
    ),
    japanese: described([japanese()], japaneseSource()),
    code: described(sources(join(root, 'node_modules/.pnpm')), 'sources under node_modules'),
  };
}

function described(texts, source) {
  const chunks = texts.flatMap(cut);
  const megabytes = chunks.reduce((sum, chunk) => sum + Buffer.byteLength(chunk), 0) / 1e6;
  const lines = texts.flatMap((text) => text.split('\n'));
  return { chunks, lines, about: `${source}, ${megabytes.toFixed(2)} MB` };
}

/** Pieces of at most `CHUNK` bytes, whole characters. */
function cut(text) {
  const pieces = [];
  let start = 0;
  let bytes = 0;
  for (let at = 0; at < text.length; ) {
    const units = text.codePointAt(at) > 0xffff ? 2 : 1;
    const size = Buffer.byteLength(text.slice(at, at + units));
    if (bytes + size > CHUNK) {
      pieces.push(text.slice(start, at));
      start = at;
      bytes = 0;
    }
    bytes += size;
    at += units;
  }
  if (start < text.length) pieces.push(text.slice(start));
  return pieces;
}

function japaneseSource() {
  const file = process.env.ATTUNE_BENCH_JAPANESE;
  return file
    ? `${basename(file)} (ATTUNE_BENCH_JAPANESE)`
    : 'seeded sentences (ATTUNE_BENCH_JAPANESE is not set)';
}

function japanese() {
  const file = process.env.ATTUNE_BENCH_JAPANESE;
  if (!file) return seededJapanese();
  const bytes = readFileSync(file).subarray(0, SIZE);
  // A character cut off at the end.
  return bytes.toString('utf8').replace(/\ufffd+$/, '');
}

const NOUNS = [
  '私',
  '先生',
  '学校',
  '東京',
  '時間',
  '仕事',
  '言葉',
  '世界',
  '問題',
  '電話',
  '計算機',
  '研究',
  '町',
  '雨',
  '友達',
  '本',
  'データ',
  'システム',
  'ファイル',
  'ユーザー',
  'ネットワーク',
  '山田さん',
  '歴史',
  '経済',
  '会議',
  '料理',
  '音楽',
  '窓',
  '猫',
  '新聞',
  'プログラム',
  '川',
  '駅',
  '手紙',
];
const ADJECTIVES = [
  '新しい',
  '古い',
  '大きな',
  '小さな',
  '難しい',
  '静かな',
  '美しい',
  '速い',
  '重要な',
  '簡単な',
  '特別な',
  '長い',
];
const VERBS = [
  '読んだ',
  '見ている',
  '使うことができる',
  '始まった',
  '考えなければならない',
  '説明された',
  '変わらない',
  '探しています',
  '作りました',
  '知らなかった',
  '届いたばかりだ',
  '続けてください',
  '思われる',
  '忘れてしまった',
];
const PARTICLES = ['は', 'が', 'を', 'に', 'で', 'と', 'も', 'から', 'まで', 'の', 'へ'];
const JOINS = ['、しかし', '、そして', 'ので、', 'が、', '。また、', '。', '。', '。', '。\n', '！', '？'];

function seededJapanese() {
  let state = 1;
  const draw = (list) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // Low indices often, as words are distributed.
    return list[Math.floor((state / 2 ** 32) ** 1.7 * list.length)];
  };
  let text = '';
  for (let units = 0; units < SIZE / 3; ) {
    const part = `${draw(ADJECTIVES)}${draw(NOUNS)}${draw(PARTICLES)}${draw(NOUNS)}${draw(PARTICLES)}${draw(VERBS)}${draw(JOINS)}`;
    text += part;
    units += part.length;
  }
  return text;
}

/** Source files in the order of their paths, no minified ones. */
function sources(folder) {
  const texts = [];
  let size = 0;
  const visit = (path, depth) => {
    if (size >= SIZE || depth > 9) return;
    const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    let taken = 0;
    for (const entry of entries) {
      const full = join(path, entry.name);
      if (entry.isDirectory()) visit(full, depth + 1);
      // A few files of each folder, so that many authors are met.
      else if (/\.(js|mjs|cjs|ts)$/.test(entry.name) && taken < 3 && size < SIZE) {
        const bytes = statSync(full).size;
        if (bytes < 2000 || bytes > 60_000) continue;
        const text = readFileSync(full, 'utf8');
        if (text.length / text.split('\n').length > 60) continue;
        texts.push(text);
        size += bytes;
        taken++;
      }
    }
  };
  visit(folder, 0);
  return texts;
}
