import { trainBPE } from '@attune/tokenizer';
import { describe, expect, it } from 'vitest';
import { parseRecipe } from '../recipe/load.ts';
import { createCodec, encodePrompts } from './codec.ts';
import { encodeExamples } from './encode-examples.ts';
import { makeMicroBatches } from './micro-batches.ts';
import type { DataRecord } from './records.ts';
import { specialTokens } from './tokenizer.ts';

const tokenizer = trainBPE([], { vocabSize: 259, specialTokens });
const text = 'data: { train: { path: x }, template: none }\noptimizer: { lr: 1 }\nschedule: { steps: 1 }';
const { recipe } = parseRecipe(text, { label: 'r', folder: '/', name: 'r' });
const record = (example: DataRecord['example'], row = {}): DataRecord => ({ example, row, name: 'row 1' });
const answer = (prompt: string, completion: string) => record({ kind: 'completion', prompt, completion });
const codec = createCodec(tokenizer, recipe, []);
const options = (changed: object = {}) => {
  const notices: string[] = [];
  const onNotice = (message: string) => notices.push(message);
  return { kind: 'supervised' as const, maxLength: 12, packing: false, onNotice, notices, ...changed };
};

describe('examples', () => {
  it('become prompt and targets, ended by the end-of-text token', () => {
    const [example] = encodeExamples([answer('ab', 'cde')], codec, options());
    const { ids, mask } = example!.sequences[0]!;
    expect(tokenizer.decode(ids)).toBe('ab\ncde<|endoftext|>');
    expect([...mask]).toEqual([0, 0, 0, 1, 1, 1, 1]);
  });

  it('that are too long are cut or left out, and a notice says how many', () => {
    const said = options();
    const long = 'x'.repeat(20);
    const encoded = encodeExamples([answer('a', long), answer(long, 'a'), answer('a', 'b')], codec, said);
    expect(encoded.map(({ sequences }) => sequences[0]!.ids.length)).toEqual([12, 4]);
    expect(said.notices).toEqual([
      '1 of 3 examples are longer than 12 tokens and were cut',
      '1 of 3 examples have no answer within 12 tokens and were left out',
    ]);
  });

  it('of long text become blocks in which every token but the first is a target once', () => {
    const encoded = encodeExamples([record({ kind: 'text', text: 'x'.repeat(30) })], codec, options());
    const targets = encoded.map(({ sequences }) => sequences[0]!.mask.slice(1).reduce((a, b) => a + b, 0));
    expect(targets).toEqual([12, 12, 6]);
    expect(encoded[1]!.name).toBe('row 1, block 2');
  });

  it('are packed into full rows', () => {
    const records = [3, 1, 4, 1, 5].map((n) => answer('', 'x'.repeat(n)));
    const encoded = encodeExamples(records, codec, options({ packing: true }));
    const used = encoded.map(({ sequences }) => sequences.reduce((sum, { ids }) => sum + ids.length - 1, 0));
    expect(used.reduce((a, b) => a + b, 0)).toBe(3 + 1 + 4 + 1 + 5 + 5);
    expect(Math.max(...used)).toBeLessThanOrEqual(12);
    expect(encoded.length).toBe(2);
  });

  it('must suit the algorithm', () => {
    expect(() => encodeExamples([answer('a', 'b')], codec, options({ kind: 'pairwise' }))).toThrow(
      'row 1: the algorithm compares answers and needs preferences (prompt, chosen, rejected), found a completion',
    );
    expect(() => encodeExamples([answer('a', 'b')], codec, options({ kind: 'unpaired' }))).toThrow(
      'row 1: the algorithm needs a column label that is true or false, found none',
    );
  });
});

it('prompts that fill the context are left out', () => {
  const said = options();
  const prompts = encodePrompts([answer('ab', ''), answer('x'.repeat(20), '')], codec, said);
  expect(prompts.map(({ text }) => text)).toEqual(['ab\n']);
  expect(said.notices).toEqual(['1 of 2 prompts fill the context of 12 tokens and were left out']);
});

describe('micro-batches', () => {
  const layout = { padId: 0, maxLength: 12, micro: 2, packing: false };
  const pair = (chosen: string, rejected: string) =>
    record({ kind: 'preference', prompt: '', chosen, rejected });

  it('hold chosen answers in their first half and rejected ones in their second, with their reference beside them', () => {
    const records = [pair('a', 'bbbb'), pair('ccccc', 'd'), pair('ee', 'ff')];
    const encoded = encodeExamples(records, codec, options({ kind: 'pairwise' }));
    // The reference of a token is its id, so that it is easy to see where it went.
    const reference = ({ sequences }: (typeof encoded)[0]) =>
      sequences.map(({ ids }) => Float32Array.from(ids.slice(1)));
    const batches = makeMicroBatches(encoded, { ...layout, kind: 'pairwise', reference });
    expect(batches.map(({ examples }) => examples)).toEqual([2, 1]);
    const rows = batches[0]!.rows.map(([sequence]) =>
      tokenizer.decode(sequence!.ids, { skipSpecialTokens: true }).trim(),
    );
    expect(rows).toEqual(['ccccc', 'a', 'd', 'bbbb']);
    for (const { labels, mask, refLogProbs } of batches) {
      labels.forEach((label, i) => {
        if (mask[i] === 1) expect(refLogProbs![i]).toBe(label);
      });
    }
    expect(batches.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(2 + 5 + 6 + 2 + 3 + 3);
  });

  it('put examples of like length together', () => {
    const encoded = encodeExamples(
      [9, 1, 8, 2].map((n) => answer('', 'x'.repeat(n))),
      codec,
      options(),
    );
    const batches = makeMicroBatches(encoded, { ...layout, kind: 'supervised' });
    expect(batches.map(({ rows }) => rows.map(([sequence]) => sequence!.ids.length))).toEqual([
      [11, 10],
      [4, 3],
    ]);
    expect(batches.map(({ inputTokens }) => inputTokens)).toEqual([19, 5]);
  });
});
