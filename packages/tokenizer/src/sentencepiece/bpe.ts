import { Heap } from '../heap.ts';
import type { PrefixTrie } from '../text/prefix-trie.ts';

/** A piece of the text that is still being merged; a linked list, so that merging costs O(1). */
interface Symbol {
  start: number;
  end: number;
  previous: number;
  next: number;
  /** User-defined symbols are never merged. */
  frozen: boolean;
}

interface Candidate {
  left: number;
  right: number;
  score: number;
  length: number;
}

export interface SentencePieceBpeOptions {
  idOf: (piece: string) => number | undefined;
  scoreOf: (id: number) => number;
  /** Whether a piece exists only to be merged further and is split again where it remains. */
  isUnused: (id: number) => boolean;
  userDefined: PrefixTrie | null;
  /** BPE-dropout (Provilkov et al. 2020): says which merges to leave out. */
  skipMerge?: () => boolean;
}

/**
 * SentencePiece's BPE: joins the neighbours whose union is the piece of highest score, the leftmost among
 * equals, over the whole text at once. O(n log n).
 * @returns the ends of the pieces
 */
export function sentencePieceBpe(text: string, options: SentencePieceBpeOptions): number[] {
  const { idOf, scoreOf, isUnused, skipMerge } = options;
  const symbols = splitSymbols(text, options.userDefined);
  const heap = new Heap(before);
  const origins = new Map<string, number>(); // piece → length of the left part it was first joined from
  const propose = (left: number, right: number) => {
    if (left < 0 || right < 0) return;
    const [a, b] = [symbols[left]!, symbols[right]!];
    if (a.frozen || b.frozen) return;
    const piece = text.slice(a.start, b.end);
    const id = idOf(piece);
    if (id === undefined) return;
    heap.push({ left, right, score: scoreOf(id), length: piece.length });
    if (isUnused(id)) origins.set(piece, a.end - a.start);
  };
  for (let i = 1; i < symbols.length; i++) propose(i - 1, i);
  while (heap.size > 0) {
    const { left, right, length } = heap.pop();
    const [a, b] = [symbols[left]!, symbols[right]!];
    const isStale = a.end === a.start || b.end === b.start || b.end - a.start !== length || a.next !== right;
    if (isStale || skipMerge?.()) continue;
    a.end = b.end;
    a.next = b.next;
    if (b.next >= 0) symbols[b.next]!.previous = left;
    b.start = b.end;
    propose(a.previous, left);
    propose(left, a.next);
  }
  const ends: number[] = [];
  const emit = (start: number, end: number) => {
    const piece = text.slice(start, end);
    const id = idOf(piece);
    const split = id !== undefined && isUnused(id) ? origins.get(piece) : undefined;
    if (split === undefined) ends.push(end);
    else {
      emit(start, start + split);
      emit(start + split, end);
    }
  };
  for (let i = symbols.length > 0 ? 0 : -1; i >= 0; i = symbols[i]!.next) {
    emit(symbols[i]!.start, symbols[i]!.end);
  }
  return ends;
}

function splitSymbols(text: string, userDefined: PrefixTrie | null): Symbol[] {
  const symbols: Symbol[] = [];
  for (let start = 0; start < text.length; ) {
    const matched = userDefined ? longestMatch(text, start, userDefined) : 0;
    const end = start + (matched || (text.codePointAt(start)! > 0xffff ? 2 : 1));
    const i = symbols.length;
    symbols.push({ start, end, previous: i - 1, next: end < text.length ? i + 1 : -1, frozen: matched > 0 });
    start = end;
  }
  return symbols;
}

/** Length of the longest entry that begins at `start`, or 0. */
export function longestMatch(text: string, start: number, trie: PrefixTrie): number {
  let longest = 0;
  for (let node = 0, at = start; at < text.length; ) {
    node = trie.step(node, text.charCodeAt(at++));
    if (node === 0) break;
    if (trie.valueAt(node) >= 0) longest = at - start;
  }
  return longest;
}

const before = (a: Candidate, b: Candidate) => a.score > b.score || (a.score === b.score && a.left < b.left);
