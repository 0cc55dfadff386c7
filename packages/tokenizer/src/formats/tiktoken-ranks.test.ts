import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { seededRandom } from '../seeded-random.ts';
import { fromTiktoken } from './tiktoken.ts';
import { packRanks } from './tiktoken-ranks.ts';

const { tiktoken } = readFixture<{ tiktoken: { ranks: string } }>('formats.json.gz');
const lines = tiktoken.ranks.trimEnd().split('\n').slice(0, 700);
const file = `${lines.join('\n')}\n`;

const outcome = (text: string): string => {
  try {
    const json = JSON.stringify(fromTiktoken(text, { pattern: 'cl100k' }));
    return createHash('sha256').update(json).digest('hex');
  } catch (error) {
    return (error as Error).message;
  }
};
/** A line of white space is for the slow reader. */
const slowly = (text: string) => outcome(`${text}\n \n`);

it('a file is packed as its readable twin reads it', () => {
  expect(packRanks(`${file}\n \n`)).toBe(null);
  const shuffled = [...lines].reverse().join('\n');
  const gaps = lines.map((line) => line.replace(/\d+$/, (rank) => String(Number(rank) * 3))).join('\r\n');
  for (const text of [file, shuffled, gaps, lines.join('\n\n')]) {
    expect(packRanks(text)).not.toBe(null);
    expect(outcome(text)).toBe(slowly(text));
  }
});

it('a damaged file is read, or refused, as the twin does', () => {
  const random = seededRandom(3);
  const at = (length: number) => Math.floor(random() * length);
  let packed = 0;
  const damages = [
    '',
    '\n',
    ' ',
    '=',
    '==',
    'A',
    '/',
    '\u00e9',
    '9',
    '\r',
    '\0',
    lines[300]!,
    `${lines[400]}\n`,
    '99999999999',
  ];
  for (let round = 0; round < 150; round++) {
    const start = at(file.length);
    const text = file.slice(0, start) + damages[at(damages.length)] + file.slice(start + at(4));
    if (packRanks(text)) packed++;
    expect(outcome(text), JSON.stringify(text.slice(start - 30, start + 30))).toBe(slowly(text));
  }
  expect(packed).toBeGreaterThan(10);
  for (const text of ['', '\n', 'IQ==', 'IQ== ', 'IQ== x', ' 0']) expect(outcome(text)).toBe(slowly(text));
});
