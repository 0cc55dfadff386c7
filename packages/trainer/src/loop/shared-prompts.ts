import type { TokenBatch } from '@attune/data';

/** Rows in which every prompt stands once, followed by all that was said to it. */
export interface SharedRows {
  rows: number;
  width: number;
  /** `[rows · width]` */
  inputIds: Int32Array;
  /** `[rows · width · 3]`: what each token attends to, see `spanMask` of `@attune/backend-onnx/ops`. */
  spans: Int32Array;
  /** `[batch · seq]` of the batch: where the token before each label now stands, −1 where there is no label. */
  places: Int32Array;
}

/** Few rows, since the length of a row costs nothing: a token computes only what it attends to. */
const ROWS = 4;
/** Widths are rounded up to sixteenths of the next smaller power of two, so that few shapes are compiled. */
const PARTS = 16;
/** Tokens in all, as a part of those of the batch, from which on another layout does not pay. */
const WORTH = 0.9;

/** Sequences that begin with the same tokens, up to the first label of each. */
interface Group {
  /** Rows of the batch, each with its places from the first label's to the last one's. */
  branches: { row: number; first: number; last: number }[];
  /** Tokens before the first label's place. */
  prompt: number;
  /** Tokens in all. */
  size: number;
}

/**
 * Lays a batch out anew so that tokens before the first label, the prompt, are read once for all sequences that share
 * them: the answers of a group, both sides of a pair. Padding, rows without labels and what follows the last label go as
 * well. The loss of no sequence changes, since each token attends to the same tokens as before, at the same positions.
 * The last token of a prompt belongs to each answer, because its label, the answer's first token, differs.
 *
 * Krell et al. (arXiv:2107.02027) pack rows like that; that pairs can share their prompts is due to Wang and Hegde,
 * "Accelerating Direct Preference Optimization with Prefix Sharing" (arXiv:2410.20305).
 *
 * @returns undefined where it would save less than a tenth
 */
export function sharePrompts(batch: TokenBatch): SharedRows | undefined {
  const groups = groupsOf(batch);
  if (groups.length === 0) return undefined;
  const sizes = groups.map(({ size }) => size);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const rows = balanced(groups, Math.min(ROWS, Math.ceil(all / Math.max(...sizes))));
  const width = rounded(Math.max(...rows.map(({ size }) => size)));
  if (rows.length * width > WORTH * batch.batch * batch.seq) return undefined;
  const shared: SharedRows = {
    rows: rows.length,
    width,
    inputIds: new Int32Array(rows.length * width),
    spans: new Int32Array(rows.length * width * 3),
    places: new Int32Array(batch.batch * batch.seq).fill(-1),
  };
  for (const [row, { groups: own }] of rows.entries()) {
    let at = 0;
    for (const group of own) at = write(shared, row, at, group, batch);
    // Padding is a sequence that nobody else sees.
    for (let place = at; place < width; place++) shared.spans.set([at, at, at], (row * width + place) * 3);
  }
  return shared;
}

function groupsOf({ batch, seq, inputIds, labels }: TokenBatch): Group[] {
  const groups = new Map<string, Group>();
  const bytes = Buffer.from(inputIds.buffer, inputIds.byteOffset, inputIds.byteLength);
  for (let row = 0; row < batch; row++) {
    const own = labels.subarray(row * seq, (row + 1) * seq);
    const first = own.findIndex((label) => label !== -100);
    if (first < 0) continue;
    const last = own.findLastIndex((label) => label !== -100);
    // What begins with a label shares nothing.
    const key = first === 0 ? `${row}` : bytes.toString('latin1', 4 * row * seq, 4 * (row * seq + first));
    const group = groups.get(key) ?? { branches: [], prompt: first, size: first };
    groups.set(key, group);
    group.branches.push({ row, first, last });
    group.size += last - first + 1;
  }
  return [...groups.values()];
}

/** Groups in so many rows of about equal size: the largest first, each into the row with the most room. */
function balanced(groups: readonly Group[], count: number): { groups: Group[]; size: number }[] {
  const rows = Array.from({ length: count }, () => ({ groups: [] as Group[], size: 0 }));
  for (const group of [...groups].sort((a, b) => b.size - a.size)) {
    const row = rows.reduce((least, each) => (each.size < least.size ? each : least));
    row.groups.push(group);
    row.size += group.size;
  }
  return rows;
}

function rounded(size: number): number {
  const step = Math.max(8, 2 ** Math.floor(Math.log2(size)) / PARTS);
  return Math.ceil(size / step) * step;
}

/** Writes a group into a row. @returns the place after it */
function write(shared: SharedRows, row: number, at: number, group: Group, batch: TokenBatch): number {
  const { width, inputIds, spans, places } = shared;
  const prompt = { from: at, to: at + group.prompt };
  let place = at;
  const token = (id: number, span: readonly [number, number, number]) => {
    inputIds[row * width + place] = id;
    spans.set(span, (row * width + place) * 3);
    return row * width + place++;
  };
  const source = group.branches[0]!.row * batch.seq;
  for (let i = 0; i < group.prompt; i++) token(batch.inputIds[source + i]!, [at, at, at]);
  for (const { row: own, first, last } of group.branches) {
    const start = place;
    for (let i = own * batch.seq + first; i <= own * batch.seq + last; i++) {
      const now = token(batch.inputIds[i]!, [prompt.from, prompt.to, start]);
      if (batch.labels[i] !== -100) places[i] = now;
    }
  }
  return place;
}

/** What each token of packed rows attends to: those of its own segment up to itself. `[batch · seq · 3]` */
export function segmentSpans({ batch, seq }: TokenBatch, segmentIds: Int32Array): Int32Array {
  const spans = new Int32Array(batch * seq * 3);
  for (let row = 0; row < batch; row++) {
    let start = 0;
    for (let i = 0; i < seq; i++) {
      if (segmentIds[row * seq + i] !== segmentIds[row * seq + start]) start = i;
      spans.set([start, start, start], (row * seq + i) * 3);
    }
  }
  return spans;
}
