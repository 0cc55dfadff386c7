import { describe, expect, it } from 'vitest';
import { readFixture } from '../fixtures/read-fixture.ts';
import { SentencePiece } from '../sentencepiece/sentencepiece.ts';
import { trainUnigram } from './train-unigram.ts';
import { addInLogSpace, digamma, expectations, findArcs } from './unigram-em.ts';

const { train, heldOut, vocabSize, logLikelihood } = readFixture<{
  train: string[];
  heldOut: string[];
  vocabSize: number;
  logLikelihood: number;
}>('unigram-training.json');

describe('training', () => {
  const trained = trainUnigram(train, { vocabSize });

  it('makes unseen text as likely as the original trainer does, within 0.5%', () => {
    const total = heldOut
      .flatMap((line) => trained.encodeIds(line))
      .reduce((sum, id) => sum + trained.model.pieces[id]!.score, 0);
    expect(total).toBeGreaterThan(logLikelihood * 1.005);
  });

  it('gives exactly the pieces asked for, a distribution over them, and a file that reads back', () => {
    expect(trained.vocabSize).toBe(vocabSize);
    const mass = trained.model.pieces.reduce(
      (sum, { score, type }) => sum + (type === 1 ? Math.exp(score) : 0),
      0,
    );
    expect(mass).toBeGreaterThan(0.9);
    expect(mass).toBeLessThan(1.01);
    const again = SentencePiece.fromModel(trained.toModel());
    expect(again.encodeIds(heldOut[0]!)).toEqual(trained.encodeIds(heldOut[0]!));
    expect(again.decode(again.encodeIds(heldOut[0]!))).toBe(heldOut[0]);
  });

  it('is the same every time', () => {
    expect(trainUnigram(train, { vocabSize }).model.pieces).toEqual(trained.model.pieces);
  });

  it('keeps scripts, digits and user-defined symbols apart', () => {
    const model = trainUnigram(train, {
      vocabSize: 420,
      splitDigits: true,
      byteFallback: true,
      userDefinedSymbols: ['<x>'],
      hardVocabLimit: false,
    });
    for (const { piece, type } of model.model.pieces) {
      if (type !== 1) continue;
      expect([...piece].length === 1 || !/\d/.test(piece)).toBe(true);
      expect(/\p{Script=Latin}/u.test(piece) && /\p{Script=Han}/u.test(piece)).toBe(false);
    }
    const text = 'low<x>low \u{1f44d}';
    expect(model.encode(text).tokens).toContain('<x>');
    expect(model.decode(model.encodeIds(text))).toBe(text);
  });

  it('says when the vocabulary is too small or too large', () => {
    expect(() => trainUnigram(train, { vocabSize: 10 })).toThrow('vocabSize must be at least');
    expect(() => trainUnigram(['a b'], { vocabSize: 1000 })).toThrow('the corpus gives');
  });
});

describe('expectations', () => {
  const words = ['ab', 'abab', 'aab'];
  const pieces = ['a', 'b', 'ab', 'aab', 'ba'];
  const scores = Float64Array.of(-1, -1.5, -1.2, -3, -2.5);
  const arcs = findArcs(words, [2, 1, 3], pieces);

  it('agree in probabilities and in logarithms', () => {
    const { expected, logLikelihood } = expectations(arcs, scores);
    const slow = new Float64Array(pieces.length);
    const total = words.reduce(
      (sum, _, w) => sum + arcs.counts[w]! * addInLogSpace(arcs, w, scores, slow),
      0,
    );
    expected.forEach((value, id) => {
      expect(value).toBeCloseTo(slow[id]!, 10);
    });
    expect(logLikelihood).toBeCloseTo(total, 10);
  });

  it('are those of counting every segmentation', () => {
    // ab: a b or ab.
    const [split, whole] = [Math.exp(-2.5), Math.exp(-1.2)];
    const one = findArcs(['ab'], [1], pieces);
    const { expected } = expectations(one, scores);
    expect(expected[2]).toBeCloseTo(whole / (split + whole), 12);
    expect(expected[0]).toBeCloseTo(split / (split + whole), 12);
  });
});

it('digamma is right where its value is known', () => {
  expect(digamma(1)).toBeCloseTo(-0.5772156649015329, 8);
  expect(digamma(0.5)).toBeCloseTo(-1.9635100260214235, 8);
  expect(digamma(10)).toBeCloseTo(2.251752589066721, 8);
});
