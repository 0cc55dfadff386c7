import type { Row } from '../dataset.ts';
import type { ListwiseExample, Message, PreferenceExample, Prompt } from '../example.ts';
import {
  answer,
  judgement,
  messages,
  number,
  prompt,
  requireAnswer,
  requireText,
  show,
  systemMessage,
  text,
} from './columns.ts';
import { instruction } from './judged.ts';
import { parseTranscript } from './transcript.ts';

/** HH-RLHF (Bai et al. 2022): two transcripts that differ in their last turn. */
export function convertTranscripts(row: Row): PreferenceExample {
  return split(parseTranscript(text(row, 'chosen')), parseTranscript(text(row, 'rejected')));
}

/**
 * `prompt`, `chosen`, `rejected`, where answers may be whole conversations that begin with the prompt. The prompt may also
 * be a `question` (with `system`), an `instruction`, or the turns before (`conversations`, ShareGPT's).
 */
export function convertPreference(row: Row): PreferenceExample {
  const asked = ['conversations', 'instruction', 'question'].find((column) => column in row);
  if (!('prompt' in row) && asked !== undefined)
    return {
      kind: 'preference',
      prompt: promptFrom(row, asked),
      chosen: answer(row, 'chosen'),
      rejected: answer(row, 'rejected'),
      ...margin(row),
    };
  if ('prompt' in row && !(isConversation(row.chosen) && isConversation(row.rejected)))
    return {
      kind: 'preference',
      prompt: prompt(row),
      chosen: answer(row, 'chosen'),
      rejected: answer(row, 'rejected'),
      ...margin(row),
    };
  if (!Array.isArray(row.chosen) || !Array.isArray(row.rejected))
    throw new Error(
      'chosen and rejected without a prompt must be conversations or transcripts that begin with it',
    );
  return { ...split(messages(row, 'chosen'), messages(row, 'rejected')), ...margin(row) };
}

function promptFrom(row: Row, column: string): Prompt {
  if (column === 'instruction') return instruction(row);
  const turns: Message[] =
    column === 'conversations' ? messages(row, column) : [{ role: 'user', content: text(row, column) }];
  const before = [...systemMessage(row), ...turns];
  return column === 'question' && before.length === 1 ? text(row, column) : before;
}

/** `margin`, or the difference of `score_chosen` and `score_rejected`. */
function margin(row: Row): { margin?: number } {
  if (row.margin === undefined && row.score_chosen === undefined) return {};
  const value =
    row.margin === undefined
      ? number(row, 'score_chosen') - number(row, 'score_rejected')
      : number(row, 'margin');
  if (value < 0) throw new Error(`the margin of the chosen answer must be at least 0, found ${value}`);
  return { margin: value };
}

const isConversation = (value: unknown) => Array.isArray(value) && value.length > 1;

/** Splits two conversations that differ in their last, assistant turn into their prompt and the two answers. */
function split(chosen: Message[], rejected: Message[]): PreferenceExample {
  const [a, b] = [chosen.at(-1)!, rejected.at(-1)!];
  if (a.role !== 'assistant' || b.role !== 'assistant')
    throw new Error(`chosen and rejected must end with an assistant turn, found ${a.role} and ${b.role}`);
  const common = chosen.slice(0, -1);
  if (common.length === 0) throw new Error('chosen must begin with a turn that is not the answer');
  if (JSON.stringify(common) !== JSON.stringify(rejected.slice(0, -1)))
    throw new Error('chosen and rejected must share all turns but the last, found different ones');
  return { kind: 'preference', prompt: common, chosen: a.content, rejected: b.content };
}

/** Stanford Human Preferences (Ethayarajh et al. 2022): `labels` is 1 where answer A got more votes. */
export function convertShp(row: Row): PreferenceExample {
  const first = judgement(row.labels);
  if (first === undefined) throw new Error(`labels must be 1 (A is better) or 0, found ${show(row.labels)}`);
  return order(text(row, 'history'), text(row, 'human_ref_A'), text(row, 'human_ref_B'), first);
}

/** Summarize from Feedback (Stiennon et al. 2020), comparisons: `choice` names the better of two summaries. */
export function convertSummaries(row: Row): PreferenceExample {
  const info = row.info as Record<string, unknown> | null;
  const [a, b] = (row.summaries as ({ text?: unknown } | null)[]).map((summary, i) =>
    requireText(summary?.text, `summaries[${i}].text`),
  );
  if (b === undefined || (row.choice !== 0 && row.choice !== 1))
    throw new Error(`choice must be 0 or 1 between two summaries, found ${show(row.choice)}`);
  // Posts of Reddit, or articles of a newspaper.
  const source = requireText(info?.post ?? info?.article, 'info.post');
  const title = typeof info?.title === 'string' && info.title !== '' ? `${info.title}\n\n` : '';
  return order(`${title}${source}\n\nTL;DR:`, a!, b, row.choice === 0);
}

/** WebGPT comparisons (Nakano et al. 2021): scores in −1 … 1 of two answers, whose difference is the margin. */
export function convertWebGpt(row: Row): PreferenceExample {
  const question = row.question as { full_text?: unknown } | string | null;
  const asked = typeof question === 'string' ? question : question?.full_text;
  const difference = number(row, 'score_0') - number(row, 'score_1');
  if (difference === 0) throw new Error('score_0 and score_1 are equal: neither answer is preferred');
  const example = order(
    requireText(asked, 'question.full_text'),
    text(row, 'answer_0'),
    text(row, 'answer_1'),
    difference > 0,
  );
  return { ...example, margin: Math.abs(difference) };
}

function order(question: Prompt, a: string, b: string, first: boolean): PreferenceExample {
  return { kind: 'preference', prompt: question, chosen: first ? a : b, rejected: first ? b : a };
}

/** Several answers with `scores` (more is better) or `ranks` (1 is best). */
export function convertRanked(row: Row): ListwiseExample {
  const column = 'completions' in row ? 'completions' : 'responses';
  const answers = row[column];
  if (!Array.isArray(answers) || answers.length < 2)
    throw new Error(`${column} must be a list of at least two answers, found ${show(answers)}`);
  const values = 'scores' in row ? row.scores : row.ranks;
  const sign = 'scores' in row ? 1 : -1;
  if (
    !Array.isArray(values) ||
    values.length !== answers.length ||
    !values.every((value) => Number.isFinite(value))
  )
    throw new Error(
      `${sign > 0 ? 'scores' : 'ranks'} must be ${answers.length} numbers, one an answer, found ${show(values)}`,
    );
  const ranking = answers
    .map((given, i) => ({ text: requireAnswer(given, `${column}[${i}]`), score: sign * values[i] }))
    .sort((a, b) => b.score - a.score);
  return {
    kind: 'listwise',
    prompt: prompt(row),
    completions: ranking.map((ranked) => ranked.text),
    scores: ranking.map((ranked) => ranked.score),
  };
}
