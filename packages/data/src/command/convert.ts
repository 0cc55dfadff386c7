import { Decontaminator } from '../cleaning/decontaminate.ts';
import { deduplicate, deduplicateNear } from '../cleaning/deduplicate.ts';
import { qualityProblems } from '../cleaning/quality.ts';
import { loadDataset } from '../dataset/load-dataset.ts';
import { type DatasetSpec, openStream } from '../dataset/open-stream.ts';
import { DataStream } from '../dataset/stream.ts';
import { writeDataset } from '../dataset/write-dataset.ts';
import type { Row } from '../dataset.ts';
import type { Example, Message, Prompt } from '../example.ts';
import { convertRow, detectFormat, type FormatName } from '../formats/detect.ts';
import { whole } from './inspect-text.ts';

/** What `convertCommand` is told. */
export interface ConvertOptions {
  /** Files, patterns or folders. */
  paths: string[];
  /** The file to write: `.jsonl`, `.jsonl.gz`, `.parquet`, `.arrow`. */
  to: string;
  type?: DatasetSpec['type'];
  sampleBy?: DatasetSpec['sampleBy'];
  /** Write conversations as `messages`, preferences as `prompt`, `chosen`, `rejected`, whatever the rows were. */
  normalize?: boolean;
  dedup?: 'exact' | 'near';
  /** Leave out rows that share a run of words with these files. */
  decontaminate?: string[];
  /** Leave out texts that break the rules of `qualityProblems`. */
  quality?: boolean;
  /** Shuffle all rows by this seed. */
  shuffle?: number;
  limit?: number;
  skipInvalid?: boolean;
  print: (line: string) => void;
  onProgress?: (rows: number) => void;
}

/** `attune data convert`: reads data of any type and writes it as another, cleaned where asked; says what was left out. */
export async function convertCommand(options: ConvertOptions): Promise<void> {
  const { paths, to, type, sampleBy, dedup, shuffle, limit, print } = options;
  // Rows may be read twice, and their problems be told once.
  const skipped = new Set<string>();
  const onInvalid = options.skipInvalid ? (problem: string) => void skipped.add(problem) : undefined;
  const spec = { path: paths, type, sampleBy, onInvalid };
  const whys = new Map<string, Set<number>>();
  const leaveOut = (why: string, row: number) => {
    const rows = whys.get(why) ?? new Set();
    whys.set(why, rows.add(row));
  };
  let stream: DataStream<Row>;
  if (dedup || shuffle !== undefined) {
    // These need to come back to rows.
    let dataset = await loadDataset(spec);
    if (dedup) {
      const { kept, duplicates } =
        dedup === 'exact' ? deduplicate(dataset, textOf) : deduplicateNear(dataset, { textOf });
      for (const { row } of duplicates) leaveOut(dedup === 'exact' ? 'duplicates' : 'near duplicates', row);
      dataset = kept;
    }
    stream = DataStream.from(shuffle === undefined ? dataset : dataset.shuffle(shuffle));
  } else stream = openStream(spec);

  const index = options.decontaminate && new Decontaminator(await textsOf(options.decontaminate));
  const numbered = numberRows(stream);
  let kept = numbered.filter(({ row, number }) => {
    const text = textOf(row);
    if (options.quality && qualityProblems(text).length > 0) leaveOut('poor texts', number);
    else if (index?.find(text)) leaveOut('rows that share words with the evaluation set', number);
    else return true;
    return false;
  });
  if (limit !== undefined) kept = kept.take(limit);
  let format: FormatName | undefined;
  const rows = kept.map(({ row, number }) => {
    if (number % 10_000 === 0) options.onProgress?.(number);
    if (!options.normalize) return row;
    format ??= detectFormat(row);
    try {
      return normalized(convertRow(row, format));
    } catch (error) {
      throw new Error(`row ${number}: ${(error as Error).message}`, { cause: error });
    }
  });
  const result = await writeDataset(rows, to);
  for (const [why, left] of whys) print(`left out ${whole(left.size)} ${why}`);
  if (skipped.size > 0)
    print(`left out ${whole(skipped.size)} rows that could not be read, first ${[...skipped][0]}`);
  print(`wrote ${whole(result.rows)} rows to ${to}`);
}

function numberRows(stream: DataStream<Row>): DataStream<{ row: Row; number: number }> {
  // Numbers begin anew with each walk.
  return new DataStream((state) => {
    const walk = stream.walk(state);
    let number = 0;
    let start = 0;
    return {
      async next() {
        if (!(await walk.fill())) return undefined;
        start = walk.position;
        const run: { row: Row; number: number }[] = [];
        while (walk.available > 0) run.push({ row: walk.takeNow(), number: number++ });
        return run;
      },
      state: (used) => walk.stateAt(start + used),
      close: () => walk.close(),
    };
  });
}

/** All words of a row, in the order of its columns. */
function textOf(row: Row): string {
  const parts: string[] = [];
  const visit = (value: unknown) => {
    if (typeof value === 'string') parts.push(value);
    else if (value instanceof Uint8Array) parts.push(Buffer.from(value).toString('base64'));
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  visit(row);
  return parts.join('\n');
}

async function textsOf(paths: string[]): Promise<string[]> {
  const texts: string[] = [];
  for await (const row of openStream(paths)) {
    // Each text by itself: a question is to be found without its answer.
    for (const value of Object.values(row)) if (typeof value === 'string') texts.push(value);
  }
  return texts;
}

/** An example as a row in the plainest of the known formats. */
function normalized(example: Example): Row {
  const turns = (prompt: Prompt): Message[] =>
    typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : prompt;
  switch (example.kind) {
    case 'conversation':
      return { messages: example.messages, ...(example.tools && { tools: example.tools }) };
    case 'completion':
      return { messages: [...turns(example.prompt), { role: 'assistant', content: example.completion }] };
    default: {
      const { kind, ...columns } = example;
      return columns;
    }
  }
}
