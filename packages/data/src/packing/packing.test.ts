import { trainBPE } from '@attune/tokenizer';
import { describe, expect, test } from 'vitest';
import { collate, collatePacked, type TokenBatch } from '../collate.ts';
import { Dataset } from '../dataset.ts';
import { mix } from '../permutation.ts';
import type { TokenSequence } from '../token-sequence.ts';
import { FillInTheMiddle } from './fill-in-the-middle.ts';
import { stagedMixture, upsampleLong } from './mixture.ts';
import { packSequences } from './pack-sequences.ts';
import { TokenBudgetSampler } from './token-budget-sampler.ts';

/** Sequences of distinct random tokens, the first two of each no targets. */
const sequences = (lengths: number[]): TokenSequence[] =>
  lengths.map((length, s) => ({
    ids: Int32Array.from({ length }, (_, i) => mix(s + 1, i) % 50_000),
    mask: Uint8Array.from({ length }, (_, i) => (i < 2 ? 0 : 1)),
  }));

/**
 * The losses of a model that, as a causal transformer does with segments, sees for each target the tokens before it in
 * its own segment and their positions.
 */
function losses({ batch, seq, inputIds, labels, mask, segmentIds, positions }: TokenBatch): number[] {
  const found: number[] = [];
  for (let row = 0; row < batch; row++) {
    for (let t = 0; t < seq; t++) {
      const at = row * seq + t;
      if (mask[at] === 0) continue;
      let state = labels[at]!;
      for (let k = row * seq; k <= at; k++) {
        if (segmentIds && segmentIds[k] !== segmentIds[at]) continue;
        state = mix(mix(state, inputIds[k]!), positions ? positions[k]! : k - row * seq);
      }
      found.push(state);
    }
  }
  return found.sort((a, b) => a - b);
}

const lengths = [5, 17, 3, 9, 9, 30, 2, 1, 12];
const places = lengths.reduce((sum, length) => sum + length - 1, 0);

describe('packing', () => {
  test('changes no loss: packed and unpacked are the same', () => {
    const all = sequences(lengths);
    const rows = packSequences(all, { capacity: 30 });
    expect(rows.length).toBe(3);
    const packed = collatePacked(rows, { padId: 0 });
    expect(losses(packed)).toEqual(losses(collate(all, { padId: 0 })));
    expect(losses(packed).length).toBe(lengths.reduce((sum, length) => sum + Math.max(0, length - 2), 0));
  });

  test.each(['split', 'wrapped'] as const)('%s: every target of the data is one, once', (strategy) => {
    const all = sequences(lengths);
    const rows = packSequences(all, { capacity: 8, strategy });
    const batch = collatePacked(rows, { padId: 0 });
    const targets = (labels: Int32Array) => [...labels].filter((label) => label >= 0).sort();
    expect(targets(batch.labels)).toEqual(targets(collate(all, { padId: 0 }).labels));
    const used = rows.map((row) => row.reduce((sum, { ids }) => sum + ids.length - 1, 0));
    expect(used.reduce((a, b) => a + b)).toBe(places);
    expect(Math.max(...used)).toBeLessThanOrEqual(8);
    if (strategy === 'wrapped') expect(used.slice(0, -1).every((n) => n === 8)).toBe(true);
    else expect(rows.length).toBe(Math.ceil(places / 8));
  });

  test('refuses what does not fit', () => {
    expect(() => packSequences(sequences([40]), { capacity: 30 })).toThrow('more than the capacity 30');
    expect(() => packSequences([], { capacity: 0 })).toThrow('capacity must be an integer > 0, found 0');
  });
});

describe('a token budget', () => {
  const many = Array.from({ length: 1000 }, (_, i) => 1 + (mix(5, i) % 100));
  const sampler = (options = {}) =>
    new TokenBudgetSampler({ lengths: many, maxTokens: 800, window: 300, rank: 0, ranks: 1, ...options });
  const epoch = (s: TokenBudgetSampler) => [...s];

  test('holds, with little padding, and every example once an epoch', () => {
    const s = sampler();
    const [first, second] = [epoch(s), epoch(s)];
    for (const batches of [first, second]) {
      expect(batches.flat().sort((a, b) => a - b)).toEqual(many.map((_, i) => i));
      for (const batch of batches)
        expect(batch.length * Math.max(...batch.map((i) => many[i]!))).toBeLessThanOrEqual(800);
    }
    expect(first).not.toEqual(second);
    const padded = first.reduce(
      (sum, batch) => sum + batch.length * Math.max(...batch.map((i) => many[i]!)),
      0,
    );
    expect(many.reduce((a, b) => a + b) / padded).toBeGreaterThan(0.9);
    expect(Math.max(...epoch(sampler({ maxExamples: 5 })).map(({ length }) => length))).toBe(5);
  });

  test('ranks share the batches, in as many steps each; a state continues exactly', () => {
    const parts = [0, 1, 2].map((rank) => epoch(sampler({ rank, ranks: 3 })));
    expect(new Set(parts.map(({ length }) => length)).size).toBe(1);
    expect(parts.flat(2).sort((a, b) => a - b)).toEqual(many.map((_, i) => i));
    const one = sampler();
    for (let i = 0; i < 20; i++) one.next();
    const two = sampler();
    two.restore(JSON.parse(JSON.stringify(one.state())));
    for (let i = 0; i < 150; i++) expect(two.next()).toEqual(one.next());
  });

  test('refuses examples beyond it', () => {
    expect(() => sampler({ maxTokens: 50 })).toThrow(
      /example \d+ has length \d+, not one of 0 to maxTokens 50/,
    );
  });
});

describe('fill in the middle', () => {
  const tokenizer = trainBPE(['function add(a, b) { return a + b; }'], {
    vocabSize: 300,
    specialTokens: ['<pre>', '<suf>', '<mid>', '<end>'],
  });
  const tokens = { prefix: 0, suffix: 1, middle: 2, end: 3 };
  const text = 'function add(a, b) { return a + b; } // 🙂🙂🙂';

  test('the parts make up the text, in either order, and the same each time', () => {
    const fim = new FillInTheMiddle({ tokens, rate: 1, seed: 4 });
    const orders = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const { order, prefix, middle, suffix } = fim.parts(text, i)!;
      orders.add(order);
      expect(prefix + middle + suffix).toBe(text);
      const { ids, mask } = fim.encode(text, i, tokenizer);
      expect(tokenizer.decode(ids)).toBe(
        order === 'psm'
          ? `<pre>${prefix}<suf>${suffix}<mid>${middle}<end>`
          : `<pre><suf>${suffix}<mid>${prefix}${middle}<end>`,
      );
      expect(mask.every((value) => value === 1)).toBe(true);
      const only = new FillInTheMiddle({ tokens, rate: 1, seed: 4, targets: 'middle' }).encode(
        text,
        i,
        tokenizer,
      );
      expect(tokenizer.decode([...only.ids].filter((_, k) => only.mask[k] === 1))).toBe(`${middle}<end>`);
    }
    expect(orders.size).toBe(2);
  });

  test('as many texts as asked', () => {
    const fim = new FillInTheMiddle({ tokens, rate: 0.5, suffixFirst: 0.25 });
    const parts = Array.from({ length: 4000 }, (_, i) => fim.parts(text, i));
    const changed = parts.filter((part) => part !== undefined);
    expect(Math.abs(changed.length - 2000)).toBeLessThan(130);
    expect(Math.abs(changed.filter(({ order }) => order === 'spm').length - changed.length / 4)).toBeLessThan(
      85,
    );
    expect(tokenizer.decode(new FillInTheMiddle({ tokens, rate: 0 }).encode(text, 0, tokenizer).ids)).toBe(
      `${text}<end>`,
    );
    expect(() => new FillInTheMiddle({ tokens, rate: 2 })).toThrow('rate must be within 0 … 1, found 2');
  });
});

describe('mixtures', () => {
  const source = (name: string, length: number) => new Dataset(length, (i) => `${name}${i}`);

  test('stages have their own proportions; sources are walked through before they repeat', () => {
    const mixture = stagedMixture({ a: source('a', 100), b: source('b', 5000) }, [
      { samples: 1000, weights: { a: 1, b: 3 } },
      { samples: 500, weights: { b: 1 } },
    ]);
    const all = [...mixture];
    const share = (rows: string[], name: string) =>
      rows.filter((row) => row[0] === name).length / rows.length;
    expect(Math.abs(share(all.slice(0, 1000), 'a') - 0.25)).toBeLessThan(0.05);
    expect(share(all.slice(1000), 'a')).toBe(0);
    const a = all.filter((row) => row[0] === 'a');
    for (let start = 0; start + 100 <= a.length; start += 100)
      expect(new Set(a.slice(start, start + 100)).size).toBe(100);
    expect(a.slice(0, 100)).not.toEqual(a.slice(100, 200));
    const b = all.filter((row) => row[0] === 'b');
    expect(new Set(b).size).toBe(b.length);
    expect(mixture.at(700)).toBe(all[700]);
    expect([
      ...stagedMixture({ a: source('a', 9) }, [{ samples: 9, weights: { a: 1 } }], { seed: 1 }),
    ]).not.toEqual([
      ...stagedMixture({ a: source('a', 9) }, [{ samples: 9, weights: { a: 1 } }], { seed: 2 }),
    ]);
  });

  test('refuses sources that are not there, or empty', () => {
    const mix = (weights: Record<string, number>) =>
      stagedMixture({ a: source('a', 1), none: source('n', 0) }, [{ samples: 1, weights }]);
    expect(() => mix({ c: 1 })).toThrow("stage 0 draws from 'c', which is none of a, none");
    expect(() => mix({ none: 1 })).toThrow("stage 0 draws from 'none', which is empty");
  });

  test('three quarters of the texts are long', () => {
    const tokens = Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? 16_384 + i : 100 + i));
    const { rows, repeats } = upsampleLong(tokens, { samples: 2000 });
    const isLong = (row: number) => tokens[row]! >= 16_384 && tokens[row]! <= 32_768;
    expect([...rows].filter(isLong).length).toBe(1500);
    expect(repeats).toBe(15);
    const counts = new Map<number, number>();
    for (const row of rows) counts.set(row, (counts.get(row) ?? 0) + 1);
    for (let row = 0; row < 1000; row += 10) expect(counts.get(row)).toBe(15);
    // Spread over the stage, not at its beginning.
    expect(Math.abs([...rows.slice(0, 400)].filter(isLong).length - 300)).toBeLessThan(40);
    expect(() => upsampleLong([1, 2], { samples: 4 })).toThrow('none of 2 rows has 16384 to 32768 tokens');
    expect(() => upsampleLong([20_000], { samples: 4 })).toThrow('all 1 rows have');
  });
});
