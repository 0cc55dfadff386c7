import { countTargets, type Example, LengthLimit, pack, splitBlocks, type TokenSequence } from '@attune/data';
import { UserError } from '../errors.ts';
import { type EncodedExample, encoderOf, explain, type TextCodec } from './codec.ts';
import { encodeTexts } from './encode-texts.ts';
import type { DataRecord } from './records.ts';

/** What a kind of batch is made from. */
export type OfflineKind =
  | 'supervised'
  | 'pairwise'
  | 'unpaired'
  | 'listwise'
  | 'stepwise'
  | 'distillation'
  | 'contrastive';

/** How examples become sequences. */
export interface EncodeOptions {
  kind: OfflineKind;
  /** Most tokens of a sequence, of which the model sees one less: the last is only a label. */
  maxLength: number;
  /** Join short sequences into full rows; supervised only. */
  packing: boolean;
  onNotice: (message: string) => void;
}

type Encoder = ReturnType<typeof encoderOf>;

/**
 * Tokenises examples for training. Long texts become several sequences; other examples that are too long are cut, or
 * dropped when their prompt alone is too long; pairs of equal sides are left out. A notice says how many.
 * @throws UserError naming the example that does not suit the algorithm
 */
export function encodeExamples(
  records: readonly DataRecord[],
  codec: TextCodec,
  { kind, maxLength, packing, onNotice }: EncodeOptions,
): EncodedExample[] {
  const encoder = encoderOf(codec);
  const limit = new LengthLimit({ maxLength });
  let [equal, longer] = [0, 0];
  const encoded = records.flatMap((record): EncodedExample[] => {
    const { example, name } = record;
    if (kind === 'contrastive') {
      const { sequences, cut } = explain(name, () =>
        encodeTexts(encoder, example, { maxLength, padId: codec.padId }),
      );
      longer += Number(cut);
      if (!sameAnswers(sequences)) return [{ sequences, name }];
      equal++;
      return [];
    }
    const { sequences, ...found } = explain(name, () => encodeExample(encoder, record, kind));
    const rest = { ...found, ...weightOf(record) };
    if (example.kind === 'text') return blocks(sequences[0]!, maxLength, name);
    if (kind === 'pairwise' && sameAnswers(sequences)) {
      equal++;
      return [];
    }
    const fitted = limit.fit(sequences, name);
    return fitted ? [{ ...rest, sequences: fitted, name }] : [];
  });
  const count = (number: number, what: string) => {
    if (number > 0) onNotice(`${number} of ${records.length} examples ${what}`);
  };
  count(limit.counts.truncated + longer, `are longer than ${maxLength} tokens and were cut`);
  count(limit.counts.dropped, `have no answer within ${maxLength} tokens and were left out`);
  const sides = kind === 'contrastive' ? 'two texts' : 'chosen and rejected answers';
  count(equal, `have ${sides} that are the same and were left out`);
  return packing && kind === 'supervised' ? packRows(encoded, maxLength) : encoded;
}

/** The sequences of one example, and what is known of them. */
function encodeExample(
  encoder: Encoder,
  { example, row }: DataRecord,
  kind: Exclude<OfflineKind, 'contrastive'>,
): Omit<EncodedExample, 'name'> {
  switch (kind) {
    case 'pairwise': {
      const pair = example.kind === 'listwise' ? bestAndWorst(example) : example;
      if (pair.kind !== 'preference')
        throw wrongKind('compares answers and needs preferences (prompt, chosen, rejected)', example);
      const { chosen, rejected } = encoder.preference(pair);
      return { sequences: [chosen, rejected], ...(pair.margin !== undefined && { margin: pair.margin }) };
    }
    case 'listwise': {
      const { completions, scores } = ranked(example);
      const sequences = encoder.listwise({ ...(example as Ranked), kind: 'listwise', completions, scores });
      return { sequences, ratings: scores };
    }
    case 'stepwise': {
      if (example.kind !== 'stepwise')
        throw wrongKind('judges steps and needs prompt, completions and labels', example);
      const { ids, mask, stepEnds, labels } = encoder.stepwise(example);
      return { sequences: [{ ids, mask }], steps: { ends: stepEnds, labels } };
    }
    case 'unpaired': {
      const desirable = example.kind === 'unpaired' ? Number(example.label) : label(row);
      return { sequences: [encoder.supervised(example)], desirable };
    }
    default: {
      // The better answer of a preference is one to imitate.
      const imitated: Example =
        example.kind === 'preference'
          ? { kind: 'completion', prompt: example.prompt, completion: example.chosen }
          : example;
      return { sequences: [encoder.supervised(imitated)] };
    }
  }
}

type Ranked = Extract<Example, { prompt: unknown }>;

function ranked(example: Example): { completions: string[]; scores: number[] } {
  if (example.kind === 'listwise') return example;
  if (example.kind !== 'preference')
    throw wrongKind('ranks answers and needs lists (prompt, completions, scores) or preferences', example);
  return { completions: [example.chosen, example.rejected], scores: [example.margin ?? 1, 0] };
}

function bestAndWorst(example: Extract<Example, { kind: 'listwise' }>): Example {
  const { prompt, completions, scores } = example;
  const last = completions.length - 1;
  return {
    kind: 'preference',
    prompt,
    chosen: completions[0]!,
    rejected: completions[last]!,
    margin: scores[0]! - scores[last]!,
  };
}

function wrongKind(wants: string, { kind }: Example): Error {
  return new Error(`the algorithm ${wants}, found a ${kind}`);
}

function sameAnswers([chosen, rejected]: readonly TokenSequence[]): boolean {
  return String(chosen!.ids) === String(rejected!.ids);
}

/** Blocks of a text that each fill the model's context: `maxLength` tokens in, and one more as the last label. */
function blocks(sequence: TokenSequence, maxLength: number, name: string): EncodedExample[] {
  return splitBlocks(sequence, maxLength)
    .filter((block) => countTargets(block) > 0)
    .map((block, i) => ({ sequences: [block], name: `${name}, block ${i + 1}` }));
}

function packRows(examples: readonly EncodedExample[], maxLength: number): EncodedExample[] {
  const lengths = examples.map(({ sequences }) => sequences[0]!.ids.length - 1);
  return pack(lengths, maxLength).map((row) => ({
    sequences: row.map((i) => examples[i]!.sequences[0]!),
    name: row.map((i) => examples[i]!.name).join(' + '),
  }));
}

/** A column `weight` says how much an example counts. */
function weightOf({ row, name }: DataRecord): { weight?: number } {
  const { weight } = row;
  if (weight === undefined || weight === null) return {};
  if (typeof weight !== 'number' || !(weight >= 0) || !Number.isFinite(weight))
    throw new UserError(`${name}: weight must be a number >= 0, found ${JSON.stringify(weight)}`);
  return { weight };
}

function label(row: DataRecord['row']): number {
  const value = row.label ?? row.kto_tag;
  if (typeof value !== 'boolean') {
    throw new Error(
      `the algorithm needs a column label that is true or false, found ${JSON.stringify(value) ?? 'none'}`,
    );
  }
  return value ? 1 : 0;
}
