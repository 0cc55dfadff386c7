import type { Row } from './dataset.ts';
import type { Example, Message, Prompt } from './example.ts';
import { parseTranscript } from './transcript.ts';

/** A known layout of rows. */
interface Format {
  /** The columns it is recognised by, as an error message lists them. */
  columns: string;
  matches(row: Row): boolean;
  convert(row: Row): Example;
}

/** Names of the known layouts; see `detectFormat`. */
export type FormatName =
  | 'messages'
  | 'sharegpt'
  | 'hh-rlhf'
  | 'preference'
  | 'prompt-completion'
  | 'alpaca'
  | 'question-answer'
  | 'prompt'
  | 'text';

const formats: Record<FormatName, Format> = {
  messages: {
    columns: 'messages [{ role, content }]',
    matches: (row) => 'messages' in row,
    convert: (row) => ({ kind: 'conversation', messages: messages(row, 'messages') }),
  },
  sharegpt: {
    columns: 'conversations [{ from, value }]',
    matches: (row) => 'conversations' in row,
    convert: (row) => ({ kind: 'conversation', messages: messages(row, 'conversations') }),
  },
  'hh-rlhf': {
    columns: 'chosen, rejected (transcripts "\\n\\nHuman: … \\n\\nAssistant: …")',
    matches: (row) => !('prompt' in row) && isTranscript(row.chosen) && isTranscript(row.rejected),
    convert: convertTranscripts,
  },
  preference: {
    columns: 'prompt, chosen, rejected',
    matches: (row) => 'chosen' in row && 'rejected' in row,
    convert: convertPreference,
  },
  'prompt-completion': {
    columns: 'prompt, completion',
    matches: (row) => 'prompt' in row && 'completion' in row,
    convert: (row) => ({ kind: 'completion', prompt: prompt(row), completion: answer(row, 'completion') }),
  },
  alpaca: {
    columns: 'instruction, input (optional), output',
    matches: (row) => 'instruction' in row && 'output' in row,
    convert: convertAlpaca,
  },
  'question-answer': {
    columns: 'question, answer (as in GSM8K)',
    matches: (row) => 'question' in row && 'answer' in row,
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
  text: {
    columns: 'text',
    matches: (row) => 'text' in row,
    convert: (row) => ({ kind: 'text', text: text(row, 'text') }),
  },
};

/**
 * Recognises the layout of a row by its columns. Where several fit, the most specific wins: messages, preferences,
 * completions, prompts, text.
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

function convertTranscripts(row: Row): Example {
  const chosen = parseTranscript(text(row, 'chosen'));
  const rejected = parseTranscript(text(row, 'rejected'));
  return pair(chosen, rejected);
}

function convertPreference(row: Row): Example {
  if ('prompt' in row)
    return {
      kind: 'preference',
      prompt: prompt(row),
      chosen: answer(row, 'chosen'),
      rejected: answer(row, 'rejected'),
    };
  if (!Array.isArray(row.chosen) || !Array.isArray(row.rejected))
    throw new Error(
      'chosen and rejected without a prompt must be conversations or transcripts that begin with it',
    );
  return pair(messages(row, 'chosen'), messages(row, 'rejected'));
}

/** Splits two conversations that differ in their last, assistant turn into their prompt and the two answers. */
function pair(chosen: Message[], rejected: Message[]): Example {
  const [a, b] = [chosen.at(-1)!, rejected.at(-1)!];
  if (a.role !== 'assistant' || b.role !== 'assistant')
    throw new Error(`chosen and rejected must end with an assistant turn, found ${a.role} and ${b.role}`);
  const prompt = chosen.slice(0, -1);
  if (prompt.length === 0) throw new Error('chosen must begin with a turn that is not the answer');
  if (JSON.stringify(prompt) !== JSON.stringify(rejected.slice(0, -1)))
    throw new Error('chosen and rejected must share all turns but the last, found different ones');
  return { kind: 'preference', prompt, chosen: a.content, rejected: b.content };
}

function convertAlpaca(row: Row): Example {
  const input = typeof row.input === 'string' && row.input.trim() !== '' ? `\n\n${row.input}` : '';
  return { kind: 'completion', prompt: text(row, 'instruction') + input, completion: text(row, 'output') };
}

function isTranscript(value: unknown): boolean {
  return typeof value === 'string' && /^\s*Human:/.test(value);
}

function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string' || value === '')
    throw new Error(`${column} must be a non-empty string, found ${JSON.stringify(value) ?? 'nothing'}`);
  return value;
}

function prompt(row: Row): Prompt {
  return typeof row.prompt === 'string' ? text(row, 'prompt') : messages(row, 'prompt');
}

/** A string, or a conversation of one assistant turn. */
function answer(row: Row, column: string): string {
  if (typeof row[column] === 'string') return text(row, column);
  const turns = messages(row, column);
  if (turns.length !== 1 || turns[0]!.role !== 'assistant')
    throw new Error(`${column} must be a string or one assistant message, found ${turns.length} messages`);
  return turns[0]!.content;
}

/** ShareGPT's names of the roles. */
const ROLES: Record<string, string> = { human: 'user', gpt: 'assistant' };

function messages(row: Row, column: string): Message[] {
  const value = row[column];
  if (!Array.isArray(value) || value.length === 0)
    throw new Error(
      `${column} must be a non-empty list of messages, found ${JSON.stringify(value) ?? 'nothing'}`,
    );
  return value.map((message, i) => {
    const role = message?.role ?? message?.from;
    const content = message?.content ?? message?.value;
    if (typeof role !== 'string' || typeof content !== 'string')
      throw new Error(
        `${column}[${i}] must have role and content as strings, found ${JSON.stringify(message)}`,
      );
    return { role: ROLES[role] ?? role, content };
  });
}
