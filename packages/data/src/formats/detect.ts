import type { Row } from '../dataset.ts';
import type { ConversationExample, Example } from '../example.ts';
import { answer, messages, prompt, systemMessage, text, tools } from './columns.ts';
import { convertTagged, hasTag, instruction } from './judged.ts';
import {
  convertPreference,
  convertRanked,
  convertShp,
  convertSummaries,
  convertTranscripts,
  convertWebGpt,
} from './preferences.ts';
import { convertMathShepherd, convertPrm800k, convertStepwise } from './steps.ts';

/** A known layout of rows. */
interface Format {
  /** The columns it is recognised by, as an error message lists them. */
  columns: string;
  matches(row: Row): boolean;
  convert(row: Row): Example;
}

/** Names of the known layouts; see `detectFormat`. */
export type FormatName =
  | 'kto'
  | 'messages'
  | 'sharegpt'
  | 'hh-rlhf'
  | 'shp'
  | 'summarize-from-feedback'
  | 'webgpt'
  | 'preference'
  | 'stepwise'
  | 'prm800k'
  | 'math-shepherd'
  | 'ranked'
  | 'prompt-completion'
  | 'alpaca'
  | 'question-answer'
  | 'prompt'
  | 'retrieval'
  | 'text';

const has = (row: Row, ...columns: string[]) => columns.every((column) => column in row);

const formats: Record<FormatName, Format> = {
  kto: {
    columns:
      'kto_tag or label (true, false) beside prompt and completion, instruction and output, or messages',
    matches: (row) =>
      hasTag(row) &&
      (has(row, 'prompt', 'completion') ||
        has(row, 'instruction', 'output') ||
        'messages' in row ||
        'conversations' in row),
    convert: convertTagged,
  },
  'hh-rlhf': {
    columns: 'chosen, rejected (transcripts "\\n\\nHuman: … \\n\\nAssistant: …")',
    matches: (row) => !('prompt' in row) && isTranscript(row.chosen) && isTranscript(row.rejected),
    convert: convertTranscripts,
  },
  shp: {
    columns: 'history, human_ref_A, human_ref_B, labels',
    matches: (row) => has(row, 'history', 'human_ref_A', 'human_ref_B', 'labels'),
    convert: convertShp,
  },
  'summarize-from-feedback': {
    columns: 'info { post or article }, summaries [{ text }], choice',
    matches: (row) => has(row, 'info', 'choice') && Array.isArray(row.summaries),
    convert: convertSummaries,
  },
  webgpt: {
    columns: 'question { full_text }, answer_0, answer_1, score_0, score_1',
    matches: (row) => has(row, 'question', 'answer_0', 'answer_1', 'score_0', 'score_1'),
    convert: convertWebGpt,
  },
  preference: {
    columns:
      'prompt, question or conversations, chosen, rejected, margin or score_chosen and score_rejected (optional)',
    matches: (row) => has(row, 'chosen', 'rejected'),
    convert: convertPreference,
  },
  messages: {
    columns: 'messages [{ role, content }], tools (optional)',
    matches: (row) => 'messages' in row,
    convert: (row) => conversation(row, 'messages'),
  },
  sharegpt: {
    columns: 'conversations [{ from, value }], system and tools (optional)',
    matches: (row) => 'conversations' in row,
    convert: (row) => conversation(row, 'conversations'),
  },
  stepwise: {
    columns: 'prompt, completions [steps], labels [true, false]',
    matches: (row) => has(row, 'prompt', 'completions', 'labels'),
    convert: convertStepwise,
  },
  prm800k: {
    columns: 'question { problem }, label { steps [{ completions [{ text, rating }] }] }',
    matches: (row) => isObject(row.question) && isObject(row.label) && 'steps' in row.label,
    convert: convertPrm800k,
  },
  'math-shepherd': {
    columns: 'input (steps that end in ки), label (the same with + or − in its place)',
    matches: (row) =>
      typeof row.input === 'string' && row.input.includes('ки') && typeof row.label === 'string',
    convert: convertMathShepherd,
  },
  ranked: {
    columns: 'prompt, completions or responses [answers], scores or ranks [numbers]',
    matches: (row) =>
      'prompt' in row && ('completions' in row || 'responses' in row) && ('scores' in row || 'ranks' in row),
    convert: convertRanked,
  },
  'prompt-completion': {
    columns: 'prompt, completion',
    matches: (row) => has(row, 'prompt', 'completion'),
    convert: (row) => ({ kind: 'completion', prompt: prompt(row), completion: answer(row, 'completion') }),
  },
  alpaca: {
    columns: 'instruction, input, system and history (optional), output',
    matches: (row) => has(row, 'instruction', 'output'),
    convert: (row) => ({ kind: 'completion', prompt: instruction(row), completion: text(row, 'output') }),
  },
  'question-answer': {
    columns: 'question, answer (as in GSM8K)',
    matches: (row) => has(row, 'question', 'answer'),
    convert: (row) => ({
      kind: 'completion',
      prompt: text(row, 'question'),
      completion: text(row, 'answer'),
    }),
  },
  prompt: {
    columns: 'prompt',
    matches: (row) => 'prompt' in row,
    convert: (row) => ({ kind: 'prompt', prompt: prompt(row) }),
  },
  retrieval: {
    columns: 'query or anchor, positive',
    matches: (row) => 'positive' in row && ('query' in row || 'anchor' in row),
    convert: (row) => ({
      kind: 'contrastive',
      query: text(row, 'anchor' in row && !('query' in row) ? 'anchor' : 'query'),
      positive: text(row, 'positive'),
    }),
  },
  text: {
    columns: 'text',
    matches: (row) => 'text' in row,
    convert: (row) => ({ kind: 'text', text: text(row, 'text') }),
  },
};

/**
 * Recognises the layout of a row by its columns. Where several fit, the most specific wins: judged answers, preferences,
 * messages, rankings, completions, prompts, pairs of texts, text.
 *
 * @throws naming the columns found and the layouts known
 */
export function detectFormat(row: Row): FormatName {
  const found = Object.entries(formats).find(([, format]) => format.matches(row));
  if (found) return found[0] as FormatName;
  const known = Object.entries(formats).map(([name, { columns }]) => `  ${name}: ${columns}`);
  throw new Error(
    `no known format has the columns ${Object.keys(row).join(', ') || '(none)'}; rename or map them to one of\n${known.join('\n')}`,
  );
}

/**
 * Converts a row to the shape that training understands.
 *
 * @param format default: detected from this row. For a whole dataset detect once, so that a row that misses a column
 *   is an error instead of another format.
 * @throws naming the column whose value does not fit
 */
export function convertRow(row: Row, format: FormatName = detectFormat(row)): Example {
  return formats[format].convert(row);
}

function conversation(row: Row, column: string): ConversationExample {
  const functions = tools(row);
  return {
    kind: 'conversation',
    messages: [...systemMessage(row), ...messages(row, column)],
    ...(functions && { tools: functions }),
  };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isTranscript(value: unknown): boolean {
  return typeof value === 'string' && /^\s*Human:/.test(value);
}
