import type { Row } from '../dataset.ts';
import type { StepwiseExample, UnpairedExample } from '../example.ts';
import { answer, judgement, messages, prompt, requireText, show, text } from './columns.ts';

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

/** Alpaca's prompt (Taori et al. 2023): the instruction, and the input when there is one. */
export function instruction(row: Row): string {
  const input = typeof row.input === 'string' && row.input.trim() !== '' ? `\n\n${row.input}` : '';
  return text(row, 'instruction') + input;
}

/** Steps of an answer, each judged. */
export function convertStepwise(row: Row): StepwiseExample {
  const { completions, labels } = row;
  if (!Array.isArray(completions) || completions.length === 0)
    throw new Error(`completions must be a non-empty list of steps, found ${show(completions)}`);
  const judged = Array.isArray(labels) ? labels.map(judgement) : [];
  if (judged.length !== completions.length || judged.includes(undefined))
    throw new Error(
      `labels must be ${completions.length} times true or false, one a step, found ${show(labels)}`,
    );
  return {
    kind: 'stepwise',
    prompt: prompt(row),
    completions: completions.map((step, i) => requireText(step, `completions[${i}]`)),
    labels: judged as boolean[],
  };
}
