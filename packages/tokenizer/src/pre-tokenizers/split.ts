import type { AlignedText } from '../text/aligned-text.ts';
import { matchFinder } from '../text/match-finder.ts';
import type { ComponentJson } from '../tokenizer-json.ts';
import { type Scanner, scannerFor } from './scanners.ts';

/** A range of a text, and whether it is a match of the delimiter or what lies between two. */
export interface Span {
  start: number;
  end: number;
  isMatch: boolean;
}

/** What becomes of the delimiter that a text is split at. */
export type SplitBehavior = 'Removed' | 'Isolated' | 'MergedWithPrevious' | 'MergedWithNext' | 'Contiguous';

/** Finds the delimiters in a text; the spans returned cover the whole text. */
export type SpanFinder = (text: string) => Span[];

/** Matches of a literal or a regular expression. Empty matches are delimiters of no width. */
export function patternFinder(pattern: { String: string } | { Regex: string }): SpanFinder {
  const scanner = 'Regex' in pattern ? scannerFor(pattern.Regex) : undefined;
  if (scanner) return (text) => scanAll(text, scanner);
  const find = matchFinder(pattern);
  return (text) => fillGaps(text, find(text));
}

function scanAll(text: string, scanner: Scanner): Span[] {
  const spans: Span[] = [];
  for (let start = 0; start < text.length; ) {
    const end = scanner(text, start, text.length);
    spans.push({ start, end, isMatch: true });
    start = end;
  }
  return spans;
}

function fillGaps(text: string, matches: [number, number][]): Span[] {
  const spans: Span[] = [];
  let covered = 0;
  for (const [start, end] of matches) {
    if (start > covered) spans.push({ start: covered, end: start, isMatch: false });
    spans.push({ start, end, isMatch: true });
    covered = end;
  }
  if (covered < text.length) spans.push({ start: covered, end: text.length, isMatch: false });
  return spans;
}

/** Cuts a text at delimiters. Pieces that would be empty are left out. */
export function splitAt(piece: AlignedText, spans: Span[], behavior: SplitBehavior): AlignedText[] {
  return joinSpans(spans, behavior)
    .filter(({ start, end }) => end > start)
    .map(({ start, end }) => piece.slice(start, end));
}

function joinSpans(spans: Span[], behavior: SplitBehavior): { start: number; end: number }[] {
  switch (behavior) {
    case 'Isolated':
      return spans;
    case 'Removed':
      return spans.filter((span) => !span.isMatch);
    case 'Contiguous':
      return joinWhere(spans, (left, right) => left.isMatch === right.isMatch);
    case 'MergedWithPrevious':
      return joinWhere(spans, (left, right) => right.isMatch && !left.isMatch);
    case 'MergedWithNext':
      // From the right: a delimiter joins what follows it, unless that is a delimiter too.
      return joinWhere(spans, (left, right) => left.isMatch && !right.isMatch);
    default:
      throw new Error(
        `tokenizer.json: behavior must be Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous, found ${behavior}`,
      );
  }
}

function joinWhere(spans: Span[], joins: (left: Span, right: Span) => boolean) {
  const joined: { start: number; end: number }[] = [];
  spans.forEach((span, i) => {
    const left = spans[i - 1];
    if (left && joins(left, span)) joined.at(-1)!.end = span.end;
    else joined.push({ start: span.start, end: span.end });
  });
  return joined;
}

/** `Split`: cuts at a pattern; `invert` swaps matches and what lies between them. */
export function splitPreTokenizer(json: ComponentJson): (pieces: AlignedText[]) => AlignedText[] {
  const find = patternFinder(json.pattern as { String: string } | { Regex: string });
  const behavior = json.behavior as SplitBehavior;
  const invert = json.invert === true;
  return (pieces) =>
    pieces.flatMap((piece) => {
      const spans = find(piece.text);
      if (invert) for (const span of spans) span.isMatch = !span.isMatch;
      return splitAt(piece, spans, behavior);
    });
}
