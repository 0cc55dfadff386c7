import { detectLanguage } from '../language/detect.ts';
import { countWords, splitSentences } from '../sentences.ts';

/** Arguments of an instruction, in the words of the IFEval data set. */
export type InstructionArguments = Record<string, unknown>;
type Checker = (response: string, args: InstructionArguments) => boolean;

const escapePattern = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** @throws when the argument is missing or of another type */
function need<T extends 'number' | 'string'>(args: InstructionArguments, name: string, type: T) {
  const value = args[name];
  if (typeof value === type) return value as T extends 'number' ? number : string;
  throw new Error(
    `instructions: argument ${name} must be a ${type}, found ${JSON.stringify(value) ?? 'nothing'}`,
  );
}

function needList(args: InstructionArguments, name: string): string[] {
  const value = args[name];
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  throw new Error(
    `instructions: argument ${name} must be a list of texts, found ${JSON.stringify(value) ?? 'nothing'}`,
  );
}

/** Compares as IFEval words it: `less than`, else `at least`. */
function compare(count: number, limit: number, relation: unknown): boolean {
  if (relation === 'less than') return count < limit;
  if (relation === 'at least' || relation === undefined || relation === null) return count >= limit;
  throw new Error(
    `instructions: a relation must be "less than" or "at least", found ${JSON.stringify(relation)}`,
  );
}

const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;
const isUpper = (text: string) => text === text.toUpperCase() && text !== text.toLowerCase();
const isLower = (text: string) => text === text.toLowerCase() && text !== text.toUpperCase();
/** Too little text to tell counts as followed. */
const isIn = (text: string, language: string) => (detectLanguage(text) ?? language) === language;

/** Parts between separators; outer empty ones are no parts, an inner empty one makes it none at all. */
function parts(text: string, separator: RegExp | string): string[] | undefined {
  const all = text.split(separator);
  const inner = all.filter((part, i) => part.trim() || (i > 0 && i < all.length - 1));
  return inner.every((part) => part.trim()) ? inner : undefined;
}

function firstWordOf(paragraph: string): string {
  const [word = ''] = paragraph.trim().split(/\s+/);
  return /^[^.,?!'"]*/.exec(word.replace(/^'+/, '').replace(/^"+/, ''))![0].toLowerCase();
}

/** The 25 kinds of verifiable instructions of IFEval (arXiv 2311.07911, table 1), by their names in the data set. */
export const checkers: Record<string, Checker> = {
  'keywords:existence': (text, args) =>
    needList(args, 'keywords').every((word) => new RegExp(escapePattern(word), 'iu').test(text)),
  'keywords:forbidden_words': (text, args) =>
    !needList(args, 'forbidden_words').some((word) =>
      new RegExp(`(?<![\\p{L}\\p{N}_])${escapePattern(word)}(?![\\p{L}\\p{N}_])`, 'iu').test(text),
    ),
  'keywords:frequency': (text, args) => {
    const found = count(text, new RegExp(escapePattern(need(args, 'keyword', 'string')), 'giu'));
    return compare(found, need(args, 'frequency', 'number'), args.relation);
  },
  'keywords:letter_frequency': (text, args) => {
    const found = text.toLowerCase().split(need(args, 'letter', 'string').toLowerCase()).length - 1;
    return compare(found, need(args, 'let_frequency', 'number'), args.let_relation);
  },
  'language:response_language': (text, args) => isIn(text, need(args, 'language', 'string')),
  'length_constraints:number_sentences': (text, args) =>
    compare(splitSentences(text).length, need(args, 'num_sentences', 'number'), args.relation),
  'length_constraints:number_words': (text, args) =>
    compare(countWords(text), need(args, 'num_words', 'number'), args.relation),
  'length_constraints:number_paragraphs': (text, args) =>
    parts(text, /\s?\*\*\*\s?/)?.length === need(args, 'num_paragraphs', 'number'),
  'length_constraints:nth_paragraph_first_word': (text, args) => {
    const all = text.split('\n\n');
    const number = all.filter((paragraph) => paragraph.trim()).length;
    const nth = need(args, 'nth_paragraph', 'number');
    const first = need(args, 'first_word', 'string').toLowerCase();
    const paragraph = nth <= number ? all[nth - 1]! : '';
    return number === need(args, 'num_paragraphs', 'number') && firstWordOf(paragraph) === first;
  },
  'detectable_content:number_placeholders': (text, args) =>
    count(text, /\[.*?\]/g) >= need(args, 'num_placeholders', 'number'),
  'detectable_content:postscript': (text, args) => {
    const marker = need(args, 'postscript_marker', 'string');
    const known: Record<string, RegExp> = { 'P.P.S': /p\.\s?p\.\s?s/, 'P.S.': /p\.\s?s\./ };
    return (known[marker] ?? new RegExp(escapePattern(marker.toLowerCase()))).test(text.toLowerCase());
  },
  'detectable_format:number_bullet_lists': (text, args) => {
    const bullets = count(text, /^[^\S\n]*\*[^*].*$/gm) + count(text, /^[^\S\n]*-.*$/gm);
    return bullets === need(args, 'num_bullets', 'number');
  },
  'detectable_format:constrained_response': (text) =>
    ['My answer is yes.', 'My answer is no.', 'My answer is maybe.'].some((answer) => text.includes(answer)),
  'detectable_format:number_highlighted_sections': (text, args) => {
    const filled = (pattern: RegExp) =>
      (text.match(pattern) ?? []).filter((section) => section.replace(/^\*+|\*+$/g, '').trim()).length;
    const highlights = filled(/\*[^\n*]*\*/g) + filled(/\*\*[^\n*]*\*\*/g);
    return highlights >= need(args, 'num_highlights', 'number');
  },
  'detectable_format:multiple_sections': (text, args) => {
    const splitter = need(args, 'section_spliter', 'string');
    return (
      count(text, new RegExp(`${escapePattern(splitter)}\\s?\\d+`, 'g')) >=
      need(args, 'num_sections', 'number')
    );
  },
  'detectable_format:json_format': (text) => {
    const inner = text
      .trim()
      .replace(/^```(?:json)?/i, '')
      .replace(/```$/, '');
    try {
      JSON.parse(inner);
      return true;
    } catch {
      return false;
    }
  },
  'detectable_format:title': (text) =>
    (text.match(/<<[^\n]+>>/g) ?? []).some((title) => title.replace(/^<+/, '').replace(/>+$/, '').trim()),
  'combination:repeat_prompt': (text, args) =>
    text
      .trim()
      .toLowerCase()
      .startsWith(need(args, 'prompt_to_repeat', 'string').trim().toLowerCase()),
  'combination:two_responses': (text) => {
    const [first, second, ...more] = parts(text, '******') ?? [];
    return first !== undefined && second !== undefined && more.length === 0 && first.trim() !== second.trim();
  },
  'startend:end_checker': (text, args) => {
    const end = text
      .trim()
      .replace(/^"+|"+$/g, '')
      .toLowerCase();
    return end.endsWith(need(args, 'end_phrase', 'string').trim().toLowerCase());
  },
  'startend:quotation': (text) =>
    text.trim().length > 1 && text.trim().startsWith('"') && text.trim().endsWith('"'),
  'change_case:english_capital': (text) => isUpper(text) && isIn(text, 'en'),
  'change_case:english_lowercase': (text) => isLower(text) && isIn(text, 'en'),
  'change_case:capital_word_frequency': (text, args) => {
    // Hyphenated words count as one.
    const words = (text.match(/[\p{L}\p{N}_]+(?:[-.][\p{L}\p{N}_]+)*/gu) ?? []).filter(isUpper);
    return compare(words.length, need(args, 'capital_frequency', 'number'), args.capital_relation);
  },
  'punctuation:no_comma': (text) => !text.includes(','),
};
