import type { Row } from '../dataset.ts';
import type { Message, Prompt, ToolDefinition } from '../example.ts';

/** A column that must hold text. @throws when it does not */
export function text(row: Row, column: string): string {
  return requireText(row[column], column);
}

/** @throws naming `place` when the value is no text, or empty */
export function requireText(value: unknown, place: string): string {
  if (typeof value !== 'string' || value === '')
    throw new Error(`${place} must be a non-empty string, found ${show(value)}`);
  return value;
}

/** A column that must hold a finite number. */
export function number(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new Error(`${column} must be a number, found ${show(value)}`);
  return value;
}

/** The prompt: a string, or turns of which the last is not the assistant's. */
export function prompt(row: Row): Prompt {
  return typeof row.prompt === 'string' ? text(row, 'prompt') : messages(row, 'prompt');
}

/** An answer: a string, or a conversation of one assistant turn. */
export function answer(row: Row, column: string): string {
  return requireAnswer(row[column], column);
}

/** @throws naming `place` when the value is neither a string nor one assistant message */
export function requireAnswer(value: unknown, place: string): string {
  if (typeof value === 'string') return requireText(value, place);
  const turns = requireMessages(isMessage(value) ? [value] : value, place);
  if (turns.length !== 1 || turns[0]!.role !== 'assistant')
    throw new Error(`${place} must be a string or one assistant message, found ${turns.length} messages`);
  return turns[0]!.content;
}

const isMessage = (value: unknown) =>
  typeof value === 'object' && value !== null && ('role' in value || 'from' in value);

/** Names of the roles in ShareGPT's files and their kin. */
const ROLES: Record<string, string> = {
  human: 'user',
  gpt: 'assistant',
  chatgpt: 'assistant',
  bing: 'assistant',
  bard: 'assistant',
  observation: 'tool',
  function_response: 'tool',
  function_call: 'assistant',
};

/** A column of turns, as `{ role, content }` or `{ from, value }`. */
export function messages(row: Row, column: string): Message[] {
  return requireMessages(row[column], column);
}

function requireMessages(value: unknown, place: string): Message[] {
  if (!Array.isArray(value) || value.length === 0)
    throw new Error(`${place} must be a non-empty list of messages, found ${show(value)}`);
  return value.map((message, i) => {
    const role = message?.role ?? message?.from;
    const calls = Array.isArray(message?.tool_calls) && message.tool_calls.length > 0;
    const content = message?.content ?? message?.value ?? (calls ? '' : undefined);
    if (typeof role !== 'string' || typeof content !== 'string')
      throw new Error(`${place}[${i}] must have role and content as strings, found ${show(message)}`);
    const result: Message = { role: ROLES[role] ?? role, content };
    if (calls) result.tool_calls = message.tool_calls;
    for (const extra of ['reasoning_content', 'tool_call_id', 'name'] as const)
      if (typeof message[extra] === 'string') result[extra] = message[extra];
    return result;
  });
}

/** The column `system` as a message, where a row has one. */
export function systemMessage(row: Row): Message[] {
  return typeof row.system === 'string' && row.system !== '' ? [{ role: 'system', content: row.system }] : [];
}

/** Functions in the column `tools`: a list, or that list as JSON text. Undefined when there are none. */
export function tools(row: Row): ToolDefinition[] | undefined {
  let value = row.tools;
  if (typeof value === 'string' && value.trim() !== '') {
    try {
      value = JSON.parse(value);
    } catch (error) {
      throw new Error(`tools must be a list of functions or JSON of one, found ${show(value)}`, {
        cause: error,
      });
    }
  }
  if (value === undefined || value === null || value === '') return undefined;
  if (!Array.isArray(value)) throw new Error(`tools must be a list of functions, found ${show(value)}`);
  return value.length > 0 ? value : undefined;
}

/** A judgement: `true` or `false`, also as 1, 0 or text. Undefined when it is none of them. */
export function judgement(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (value === 1 || value === '1' || value === 'true' || value === 'True') return true;
  if (value === 0 || value === '0' || value === 'false' || value === 'False') return false;
  return undefined;
}

/** A value as an error message shows it, cut when long. */
export function show(value: unknown): string {
  const json = JSON.stringify(value) ?? 'nothing';
  return json.length > 200 ? `${json.slice(0, 160)} … ${json.slice(-20)}` : json;
}
