import { expect, it } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { seededRandom } from '../seeded-random.ts';
import { Utf8Window } from '../text/utf8-window.ts';
import { type ByteScanner, byteScannerFor } from './byte-scanners.ts';
import { PATTERNS, scannerFor } from './scanners.ts';

const { texts } = readFixture<{ texts: string[] }>('formats.json.gz');
const random = seededRandom(11);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

/** Characters that patterns treat differently from their neighbours. */
const ALPHABET = [
  ...'aZ 1\n\r\t\v./\'"sStTrReEvVlLmMdD',
  ...'éſÉ日本かカ。１½ǅʰ\u0301\u00a0\u3000\u2028\u0085👍🏽𝕳𝟘𠮷\u0378',
];
const randomTexts = Array.from({ length: 700 }, () => {
  const few = Array.from({ length: 1 + Math.floor(random() * 8) }, () => pick(ALPHABET));
  return Array.from({ length: Math.floor(random() * 24) }, () => pick(few)).join('');
});

/** The pre-tokens that a scanner of UTF-8 finds, shown at most `units` code units at a time. */
function piecesOf(scan: ByteScanner, text: string, units: number, room: number): string[] {
  const pieces: string[] = [];
  const window = new Utf8Window(units);
  const ends = new Int32Array(room);
  for (window.open(text); ; ) {
    let at = 0;
    while (at < window.end) {
      const count = scan(window.bytes, window.view, at, window.end, window.more, ends);
      for (let i = 0; i < count; i++) {
        pieces.push(new TextDecoder('utf-8', { ignoreBOM: true }).decode(window.bytes.slice(at, ends[i])));
        at = ends[i]!;
      }
      if (count === 0) break;
    }
    if (!window.more) return pieces;
    window.advance(at);
  }
}

function piecesOfTwin(pattern: string, text: string): string[] {
  const pieces: string[] = [];
  const scan = scannerFor(pattern)!;
  for (let at = 0; at < text.length; ) {
    const end = scan(text, at, text.length);
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}

it.each(Object.entries(PATTERNS))('the scanner of %s equals its twin over code units', (_, pattern) => {
  const scan = byteScannerFor(pattern)!;
  for (const text of [...texts, ...randomTexts]) {
    expect(piecesOf(scan, text, 1 << 15, 64)).toEqual(piecesOfTwin(pattern, text));
  }
});

it.each(Object.entries(PATTERNS))('of %s does not depend on how much it sees at once', (_, pattern) => {
  const scan = byteScannerFor(pattern)!;
  for (const text of [...texts, randomTexts.join(''), ' \n'.repeat(200), `${' '.repeat(300)}x`]) {
    const whole = piecesOfTwin(pattern, text);
    for (const [units, room] of [
      [16, 3],
      [17, 5],
      [64, 64],
    ] as const) {
      expect(piecesOf(scan, text, units, room)).toEqual(whole);
    }
  }
});
