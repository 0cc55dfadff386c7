import { column, columnList, type Reward } from './reward.ts';

/** Options of `multipleChoice`. */
export interface MultipleChoiceOptions {
  /** Column of the right choice: its letter, its number from 0 (a number), or its text. Default `answer`. */
  answer?: string;
  /** Column of the choices' texts, so that a choice may be named by its text. Default `choices`; rows may lack it. */
  choices?: string;
  /** Last letter that is a choice where the row lists none. Default `J`. */
  lastLetter?: string;
}

/**
 * The letter that a completion chooses: in `\boxed{…}` or `<answer>`, after "answer is", alone on its first or last line,
 * or the only one in brackets. What stands before a `</think>` does not count.
 *
 * @param lastLetter last letter that is a choice
 * @returns undefined when it chooses none, or several at once
 */
export function extractChoice(completion: string, lastLetter = 'J'): string | undefined {
  const text = completion.slice(
    completion.lastIndexOf('</think>') + 1 ? completion.lastIndexOf('</think>') + 8 : 0,
  );
  const upper = `A-${lastLetter}`;
  const letter = `[${upper}${upper.toLowerCase()}]`;
  const wrapped = `[\\s"'*_$({\\[]{0,20}(?:\\\\text(?:bf)?\\{)?[({\\[]{0,4}`;
  // Nor does naming several at once choose one.
  const end = `(?![\\p{L}\\p{N}])(?!\\s*(?:,|/|&|and\\s|or\\s)\\s*[({\\[]?${letter}(?![\\p{L}\\p{N}]))`;
  const last = (source: string, flags = 'giu') =>
    [...text.matchAll(new RegExp(source, flags))].at(-1)?.[1]?.toUpperCase();
  return (
    last(`(?:\\\\boxed\\{|<answer>)${wrapped}(?:(?:option|choice|answer)\\s*)?(${letter})${end}`) ??
    // After these words a lone "a" is an article: there only what looks like a choice counts.
    last(
      `(?:[Aa]nswer|ANSWER|[Cc]hoice|[Oo]ption)(?:\\s+is|\\s*[:=])(?:\\s+(?:option|choice))?\\s*:?${wrapped}([${upper}])${end}(?!\\s+[a-z])`,
      'gu',
    ) ??
    last(`(?:answer|choice|option)(?:\\s+is|\\s*[:=])\\s{0,4}:?\\s{0,4}[(*\\[]{1,4}(${letter})[)*\\]]`) ??
    last(`(?:^|\\n)[^\\S\\n]{0,9}[(*\\[]{0,4}([${upper}])[)*\\].:]{0,4}\\s*$`, 'gu') ??
    /^\s*[(*[]*([A-Z])[)*\].:]+(?:\s|$)/.exec(text)?.[1] ??
    only(
      [...text.matchAll(new RegExp(`[([](${letter})[)\\]]`, 'gu'))].map((match) => match[1]!.toUpperCase()),
    )
  );
}

function only(letters: readonly string[]): string | undefined {
  return new Set(letters).size === 1 ? letters[0] : undefined;
}

/** 1 when the completion chooses the right one of several choices, by letter or by text, else 0. */
export function multipleChoice(options: MultipleChoiceOptions = {}): Reward {
  const { answer = 'answer', choices = 'choices', lastLetter } = options;
  return (completion, row) => {
    const texts = row[choices] === undefined ? [] : columnList(row, choices);
    const right = rightLetter(row[answer], texts, answer);
    const last = lastLetter ?? (texts.length ? letterOf(texts.length - 1) : 'J');
    const chosen = extractChoice(completion, last) ?? byText(completion, texts);
    return chosen === right ? 1 : 0;
  };
}

const letterOf = (index: number) => String.fromCharCode(65 + index);

/** @throws when the reference names no choice */
function rightLetter(value: unknown, texts: readonly string[], name: string): string {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < (texts.length || 26))
    return letterOf(value);
  const text = column({ [name]: value }, name).trim();
  const letter = /^\(?([A-Za-z])\)?\.?$/.exec(text)?.[1]?.toUpperCase();
  if (letter && (texts.length === 0 || letter < letterOf(texts.length))) return letter;
  const place = texts.findIndex((choice) => choice.trim() === text);
  if (place >= 0) return letterOf(place);
  throw new Error(`multipleChoice: column ${name} must name a choice, found ${JSON.stringify(value)}`);
}

/** The choice whose text is the last line of the completion, or its only choice mentioned there. */
function byText(completion: string, texts: readonly string[]): string | undefined {
  const line = completion.trim().split('\n').at(-1)!.toLowerCase();
  const mentioned = [...texts.keys()].filter((i) => line.includes(texts[i]!.trim().toLowerCase()));
  // "Not Paris" mentions it too; a text that holds another is the one that is meant.
  const meant = mentioned.filter(
    (i) => !mentioned.some((j) => j !== i && texts[j]!.toLowerCase().includes(texts[i]!.toLowerCase())),
  );
  return meant.length === 1 ? letterOf(meant[0]!) : undefined;
}
