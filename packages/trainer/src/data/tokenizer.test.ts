import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { characterTokenizer, readTokenizer } from './tokenizer.ts';

const folder = mkdtempSync(join(tmpdir(), 'attune-tokenizer-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('has one token per character that it saw, and decodes everything', () => {
  const tokenizer = characterTokenizer(['añ€😀 b\n', 'añ']);
  expect(tokenizer.encodeIds('añ€😀 b\n')).toHaveLength(7);
  expect(tokenizer.encodeIds('ñañ')).toHaveLength(3);
  // Not seen: bytes.
  expect(tokenizer.encodeIds('ü')).toHaveLength(2);
  for (const text of ['añ€😀 b\n', 'ünknown ¿漢?', '']) {
    expect(tokenizer.decode(tokenizer.encodeIds(text))).toBe(text);
  }
});

it('names a file that is missing or no tokenizer', () => {
  expect(() => readTokenizer(folder)).toThrow(/tokenizer\.json: no such tokenizer/);
  writeFileSync(join(folder, 'tokenizer.json'), '{"model": 3}');
  expect(() => readTokenizer(folder)).toThrow(/tokenizer\.json: is not a tokenizer\.json \(/);
});
