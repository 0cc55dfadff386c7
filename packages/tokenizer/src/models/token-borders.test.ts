import { expect, it } from 'vitest';
import { trainBPE } from '../index.ts';
import { seededRandom } from '../seeded-random.ts';
import { TokenBorders } from './token-borders.ts';
import { TokenBytes } from './token-bytes.ts';

const random = seededRandom(5);
const pick = <T>(list: ArrayLike<T>): T => list[Math.floor(random() * list.length)]!;
const ALPHABET = [...'aé я한국日本語のはがプ！。、\u0800\u0fff\uffff👍'];
const utf8 = (text: string) => new TextEncoder().encode(text);
const randomText = (length: number) => Array.from({ length }, () => pick(ALPHABET)).join('');

/** A part of some text's bytes, seldom whole characters. */
function randomToken(): Uint8Array {
  const bytes = utf8(randomText(4));
  const start = Math.floor(random() * 6);
  return bytes.slice(start, start + 1 + Math.floor(random() * 6));
}

/** Whether one of two sequences of bytes ends with the other. */
const endAlike = (a: Uint8Array, b: Uint8Array): boolean => {
  for (let i = 1; i <= Math.min(a.length, b.length); i++)
    if (a[a.length - i] !== b[b.length - i]) return false;
  return true;
};
const beginAlike = (a: Uint8Array, b: Uint8Array) => endAlike(a.slice().reverse(), b.slice().reverse());

/** The twin: tries every token at every place around the border. */
const reachesAcross = (tokens: Uint8Array[], left: string, right: string): boolean =>
  tokens.some((token) =>
    token.some(
      (_, cut) =>
        cut > 0 &&
        endAlike(token.subarray(0, cut), utf8(left)) &&
        beginAlike(token.subarray(cut), utf8(right)),
    ),
  );

function bordersOf(tokens: Uint8Array[]): TokenBorders {
  const starts = [0];
  for (const token of tokens) starts.push(starts.at(-1)! + token.length);
  const blob = new Uint8Array(starts.at(-1)! + 16);
  tokens.forEach((token, i) => {
    blob.set(token, starts[i]);
  });
  return new TokenBorders(new TokenBytes(blob, Int32Array.from(starts), new Map()), () => true);
}

it('knows every token that reaches over a border, and hardly any other', () => {
  let free = 0;
  let said = 0;
  for (let round = 0; round < 60; round++) {
    const tokens = Array.from({ length: 12 }, randomToken).filter((token) => token.length > 0);
    const borders = bordersOf(tokens);
    for (const left of ALPHABET) {
      for (const right of ALPHABET) {
        if (left === '👍' || right === '👍' || (left < '\u0800' && right < '\u0800')) continue;
        const joins = borders.joins(left.codePointAt(0)!, right.codePointAt(0)!);
        if (reachesAcross(tokens, left, right)) expect(joins, `${left}${right}`).toBe(true);
        else {
          free++;
          if (!joins) said++;
        }
      }
    }
  }
  expect(free).toBeGreaterThan(5000);
  expect(said / free).toBeGreaterThan(0.8);
});

it('long words in parts are encoded as whole', () => {
  const corpus = Array.from({ length: 300 }, () => randomText(30));
  const tokenizer = trainBPE(corpus, { vocabSize: 600 });
  for (let i = 0; i < 300; i++) {
    const text = randomText(200).replaceAll(' ', '');
    expect(tokenizer.encodeIds(text)).toEqual(tokenizer.encode(text).ids);
  }
});
