import type { Row } from '../dataset.ts';
import type { Message, Prompt, UnpairedExample } from '../example.ts';
import { answer, judgement, messages, prompt, show, systemMessage, text } from './columns.ts';

/** Whether a row says how good its one answer is: `kto_tag`, or `label` that is true or false. */
export function hasTag(row: Row): boolean {
  return 'kto_tag' in row || typeof row.label === 'boolean';
}

/** KTO (Ethayarajh et al. 2024): an answer and its tag, in the columns of any format with one answer. */
export function convertTagged(row: Row): UnpairedExample {
  const column = 'kto_tag' in row ? 'kto_tag' : 'label';
  const label = judgement(row[column]);
  if (label === undefined) throw new Error(`${column} must be true or false, found ${show(row[column])}`);
  return { kind: 'unpaired', ...oneAnswer(row), label };
}

function oneAnswer(row: Row): Pick<UnpairedExample, 'prompt' | 'completion'> {
  if ('completion' in row) return { prompt: prompt(row), completion: answer(row, 'completion') };
  if ('instruction' in row) return { prompt: instruction(row), completion: text(row, 'output') };
  const turns = messages(row, 'messages' in row ? 'messages' : 'conversations');
  const last = turns.at(-1)!;
  if (last.role !== 'assistant' || turns.length < 2)
    throw new Error(
      `a judged conversation must end with an assistant turn after a prompt, found ${last.role}`,
    );
  return { prompt: turns.slice(0, -1), completion: last.content };
}

/**
 * Alpaca's prompt (Taori et al. 2023): the instruction, and the input when there is one. Where a row has them, the
 * `system` message and the turns before (`history`, pairs of an instruction and its answer) come first.
 */
export function instruction(row: Row): Prompt {
  const input = typeof row.input === 'string' && row.input.trim() !== '' ? `\n\n${row.input}` : '';
  const asked = text(row, 'instruction') + input;
  const before = [...systemMessage(row), ...history(row.history)];
  return before.length > 0 ? [...before, { role: 'user', content: asked }] : asked;
}

function history(value: unknown): Message[] {
  if (value === undefined || value === null) return [];
  const isTurn = (each: unknown) =>
    Array.isArray(each) && each.length === 2 && each.every((x) => typeof x === 'string');
  if (!Array.isArray(value) || !value.every(isTurn))
    throw new Error(`history must be a list of pairs [instruction, answer], found ${show(value)}`);
  return (value as [string, string][]).flatMap(([asked, answered]): Message[] => [
    { role: 'user', content: asked },
    { role: 'assistant', content: answered },
  ]);
}
