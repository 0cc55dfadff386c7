import { createComponent } from '../component-fields.ts';
import { Encoding, type EncodingColumns } from '../encoding.ts';
import { addedColumns, concatenate } from '../encoding-ops.ts';
import { isSpace } from '../text/char-class.ts';
import type { ComponentJson } from '../tokenizer-json.ts';

/** Puts special tokens around one sequence, or around and between two, and trims offsets. */
export interface PostProcessor {
  /** How many tokens it adds. */
  added(isPair: boolean): number;
  process(sequences: Encoding[], addSpecialTokens: boolean): Encoding[];
}

const FACTORIES: Record<string, (json: ComponentJson) => PostProcessor> = {
  BertProcessing: bert,
  ByteLevel: (json) => ({
    added: () => 0,
    process: (sequences) => {
      if (json.trim_offsets !== false) for (const each of sequences) trimOffsets(each, json);
      return sequences;
    },
  }),
  RobertaProcessing: roberta,
  TemplateProcessing: template,
  Sequence: (json) => {
    const steps = (json.processors as ComponentJson[]).map(createPostProcessor);
    return {
      added: (isPair) => steps.reduce((sum, step) => sum + step.added(isPair), 0),
      process: (sequences, addSpecialTokens) =>
        steps.reduce((current, step) => step.process(current, addSpecialTokens), sequences),
    };
  },
};

/**
 * Builds the post-processor that a `tokenizer.json` describes.
 * @throws where the type is unknown, or a field is missing or of the wrong kind
 */
export function createPostProcessor(json: ComponentJson): PostProcessor {
  return createComponent('post_processor', FACTORIES, json);
}

/** An encoding and its overflowing parts, each between the given tokens. */
function surround(encoding: Encoding, before: EncodingColumns | null, after: EncodingColumns): Encoding {
  const around = (each: Encoding) =>
    concatenate([...(before ? [new Encoding(before)] : []), each, new Encoding(after)]);
  const parts = encoding.overflowing.map(around);
  const whole = around(new Encoding(encoding));
  whole.overflowing = parts;
  return whole;
}

const single = ([token, id]: [string, number], typeId: number) => addedColumns([id], [token], typeId);

/** `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`. */
function bert(json: ComponentJson): PostProcessor {
  const { cls, sep } = json as unknown as { cls: [string, number]; sep: [string, number] };
  return {
    added: (isPair) => (isPair ? 3 : 2),
    process: (sequences, addSpecialTokens) => {
      if (!addSpecialTokens) return sequences;
      return sequences.map((each, i) => surround(each, i === 0 ? single(cls, 0) : null, single(sep, i)));
    },
  };
}

/** `<s> A </s>` and `<s> A </s> </s> B </s>`, all of type 0. */
function roberta(json: ComponentJson): PostProcessor {
  const { cls, sep } = json as unknown as { cls: [string, number]; sep: [string, number] };
  return {
    added: (isPair) => (isPair ? 4 : 2),
    process: (sequences, addSpecialTokens) => {
      for (const each of sequences) {
        if (json.trim_offsets !== false) trimOffsets(each, json);
        each.typeIds.fill(0);
      }
      if (!addSpecialTokens) return sequences;
      return sequences.map((each, i) => surround(each, single(i === 0 ? cls : sep, 0), single(sep, 0)));
    },
  };
}

type TemplatePiece =
  | { Sequence: { id: 'A' | 'B'; type_id: number } }
  | { SpecialToken: { id: string; type_id: number } };

/** Any arrangement of sequences and special tokens. */
function template(json: ComponentJson): PostProcessor {
  const templates = { single: json.single as TemplatePiece[], pair: json.pair as TemplatePiece[] };
  const special = json.special_tokens as Record<string, { ids: number[]; tokens: string[] }>;
  const tokenOf = (id: string) => {
    if (Object.hasOwn(special, id)) return special[id]!;
    throw new Error(`tokenizer.json: post_processor.special_tokens has no ${JSON.stringify(id)}; add it`);
  };
  const added = (pieces: TemplatePiece[]) =>
    pieces.reduce(
      (n, each) => n + ('SpecialToken' in each ? tokenOf(each.SpecialToken.id).ids.length : 0),
      0,
    );
  const counts = [added(templates.single), added(templates.pair)];
  return {
    added: (isPair) => counts[isPair ? 1 : 0]!,
    process: (sequences, addSpecialTokens) => {
      const pieces = sequences.length > 1 ? templates.pair : templates.single;
      return pieces.flatMap((piece) => {
        if ('Sequence' in piece) {
          const sequence = sequences[piece.Sequence.id === 'A' ? 0 : 1]!;
          const typeIds = sequence.ids.map(() => piece.Sequence.type_id);
          return new Encoding({ ...columnsOf(sequence), typeIds }, sequence.overflowing);
        }
        const { ids, tokens } = tokenOf(piece.SpecialToken.id);
        return addSpecialTokens ? new Encoding(addedColumns(ids, tokens, piece.SpecialToken.type_id)) : [];
      });
    },
  };
}

const columnsOf = ({ overflowing: _, ...columns }: Encoding): EncodingColumns => columns as EncodingColumns;

/** Offsets without the whitespace that byte-level tokens hold at their ends. */
function trimOffsets(encoding: Encoding, json: ComponentJson): void {
  const addPrefixSpace = json.add_prefix_space !== false;
  for (const part of [encoding, ...encoding.overflowing]) {
    part.offsets = part.offsets.map((offsets, i) => {
      let [start, end] = offsets;
      const chars = [...part.tokens[i]!];
      const blank = (char: string) => char === 'Ġ' || isSpace(char);
      let leading = chars.findIndex((char) => !blank(char));
      if (leading < 0) leading = chars.length;
      let trailing = chars.toReversed().findIndex((char) => !blank(char));
      if (trailing < 0) trailing = chars.length;
      // One space before the first token is the one that was added: it has no offsets to trim.
      if ((i === 0 || start === 0) && addPrefixSpace && leading === 1) leading = 0;
      if (leading > 0) start = Math.min(start + leading, end);
      if (trailing > 0 && end >= trailing) end = Math.max(end - trailing, start);
      return [start, end];
    });
  }
}
