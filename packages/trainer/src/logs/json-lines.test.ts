import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { JsonLines, readJsonLines } from './json-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'attune-lines-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('cuts back to a checkpoint and goes on, leaving no trace of what came after', () => {
  const path = join(folder, 'metrics.jsonl');
  const first = new JsonLines(path);
  first.append({ step: 1, loss: 2 });
  const kept = first.flush();
  first.append({ step: 2, loss: 1.5 });
  first.close();
  appendFileSync(path, '{"step":3,"lo'); // killed while writing
  expect(readJsonLines(path).map((line) => line.step)).toEqual([1, 2]);

  const resumed = new JsonLines(path, kept);
  resumed.append({ step: 2, loss: 1.5 });
  resumed.close();
  expect(readFileSync(path, 'utf8')).toBe('{"step":1,"loss":2}\n{"step":2,"loss":1.5}\n');
});

it('writes numbers that JSON lacks as texts', () => {
  const path = join(folder, 'odd.jsonl');
  const lines = new JsonLines(path);
  lines.append({ loss: Number.NaN, norm: Number.POSITIVE_INFINITY });
  lines.close();
  expect(readJsonLines(path)).toEqual([{ loss: 'NaN', norm: 'Infinity' }]);
});

it('names a path that cannot be written', () => {
  expect(() => new JsonLines(join(folder, 'odd.jsonl', 'x'))).toThrow(
    /^cannot write .*odd\.jsonl\/x: .*ENOTDIR/,
  );
});
