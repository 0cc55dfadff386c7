import type { ByteScanner } from '../pre-tokenizers/byte-scanners.ts';
import { ByteTrie } from '../text/byte-trie.ts';
import type { IdBuffer } from '../text/id-buffer.ts';
import { hashKey, KEY_MASKS, SHORT } from '../text/short-words.ts';
import { Utf8Window } from '../text/utf8-window.ts';
import type { Bpe } from './bpe.ts';
import { LONG, LongWords } from './long-words.ts';
import { MergeTree } from './merge-tree.ts';
import { TokenBorders } from './token-borders.ts';
import type { TokenBytes } from './token-bytes.ts';
import { TokenSearch } from './token-search.ts';

/** Short words that are remembered: 2 to this at most. A new one takes the place of an old one. */
const RECENT_BITS = 16;
/** Ids that are remembered for a word of several tokens at most. */
const RECENT_IDS = 7;

/**
 * The fast path of byte-level BPE, over UTF-8 in place. A pre-token that is a token is looked up; others are
 * encoded from left to right with the longest tokens that BPE can put beside each other, or, where the merges
 * are not of the usual kind, by merging. The slow twin is the `ByteLevel` pre-tokenizer followed by `Bpe`.
 */
export class ByteBpe {
  readonly #scan: ByteScanner;
  readonly #bpe: Bpe;
  readonly #byteIds: Int32Array;
  readonly #tree: MergeTree | null;
  readonly #bytes: TokenBytes;
  readonly #blobView: DataView;
  readonly #lengths: Uint16Array;
  /** Tokens that BPE makes of their bytes. */
  readonly #tokens: TokenSearch;
  /** Tokens that only stand for a whole pre-token: what merges do not make, under `ignore_merges`. */
  readonly #wholes: ByteTrie | null;
  readonly #isSpecial: (id: number) => boolean;
  /** Words met lately: three words of key, the id or -1 for several. Close together, unlike those in `#short`. */
  readonly #recent = new Int32Array(4 << RECENT_BITS);
  /** By place in `#recent`: how many ids, the ids. */
  readonly #recentIds = new Int32Array((RECENT_IDS + 1) << RECENT_BITS);
  /** The place near by to which the next old word moves. */
  #turn = 4;
  readonly #long = new LongWords();
  readonly #window = new Utf8Window();
  readonly #ends = new Int32Array(1 << 10);
  readonly #partEnds = new Int32Array(1 << 8);
  readonly #borders: TokenBorders;
  /** By distance from the beginning of a word: the number of the word in which nothing can begin there. */
  #closed = new Int32Array(256);
  #words = 0;

  /**
   * @param byteIds the token of each byte
   * @param isSpecial says which ids must not come out of ordinary text
   */
  constructor(bpe: Bpe, byteIds: Int32Array, scan: ByteScanner, isSpecial: (id: number) => boolean) {
    this.#scan = scan;
    this.#bpe = bpe;
    this.#byteIds = byteIds;
    this.#isSpecial = isSpecial;
    const tokens = bpe.vocabulary.bytes();
    const { limit, blob, starts } = tokens;
    const tree = MergeTree.create(limit, byteIds, bpe.mergeIds);
    this.#tree = tree;
    this.#tokens = new TokenSearch(limit, tree ? blob.length : 0);
    this.#lengths = new Uint16Array(limit);
    const wholes = new ByteTrie(limit, 16);
    let hasWholes = false;
    const view = new DataView(blob.buffer);
    this.#bytes = tokens;
    this.#blobView = view;
    for (const id of tokens.byLength()) {
      const start = starts[id]!;
      const end = starts[id + 1]!;
      this.#lengths[id] = end - start;
      if (tree?.isLive(id)) this.#tokens.add(blob, view, start, end, id);
      else if (bpe.config.ignore_merges) {
        wholes.add(blob, start, end, id);
        hasWholes = true;
      }
    }
    this.#wholes = hasWholes ? wholes : null;
    // These, too, would cost the first text more than they cost here.
    this.#borders = new TokenBorders(tokens, (id) => tree?.isLive(id) ?? true);
    // The scanner makes its tables when first called: better now than with the first text.
    this.#window.open('');
    scan(this.#window.bytes, this.#window.view, 0, 0, false, this.#ends);
  }

  /** Appends the ids of a text. */
  encode(text: string, out: IdBuffer): true {
    const window = this.#window;
    const ends = this.#ends;
    for (window.open(text); ; ) {
      const { bytes, view, end, more } = window;
      out.reserve(end);
      let at = 0;
      while (at < end) {
        const count = this.#scan(bytes, view, at, end, more, ends);
        if (count === 0) break;
        this.#encodeWords(at, count, out);
        at = ends[count - 1]!;
      }
      if (!more) return true;
      window.advance(at);
    }
  }

  /** Appends the ids of the words whose ends are the first `count` of `#ends`. There is room for them. */
  #encodeWords(start: number, count: number, out: IdBuffer): void {
    const ends = this.#ends;
    for (let word = 0, at = start; ; word++) {
      word = this.#lookUp(ends, at, word, count, out);
      if (word === count) return;
      if (word > 0) at = ends[word - 1]!;
      this.#encodeWord(at, ends[word]!, out);
      at = ends[word]!;
    }
  }

  /** Appends the ids of words met lately. Returns the first word that is none. */
  #lookUp(ends: Int32Array, start: number, first: number, count: number, out: IdBuffer): number {
    const { view } = this.#window;
    const recent = this.#recent;
    const { ids } = out;
    let filled = out.count;
    let at = start;
    let word = first;
    for (; word < count; word++) {
      const stop = ends[word]!;
      const length = stop - at;
      if (length > SHORT) break;
      const by = length << 2;
      const a = view.getInt32(at, true) & KEY_MASKS[by]!;
      const b = view.getInt32(at + 4, true) & KEY_MASKS[by + 1]!;
      const c = (view.getInt32(at + 8, true) & KEY_MASKS[by + 2]!) | KEY_MASKS[by + 3]!;
      const slot = (hashKey(a, b, c) >>> (32 - RECENT_BITS)) << 2;
      if (recent[slot + 2] !== c || recent[slot] !== a || recent[slot + 1] !== b) break;
      const id = recent[slot + 3]!;
      if (id >= 0) ids[filled++] = id;
      else {
        const several = this.#recentIds;
        const from = slot << 1;
        const last = from + several[from]!;
        for (let i = from + 1; i <= last; i++) ids[filled++] = several[i]!;
      }
      at = stop;
    }
    out.count = filled;
    return word;
  }

  #encodeWord(start: number, stop: number, out: IdBuffer): void {
    const length = stop - start;
    if (length <= SHORT) this.#encodeShort(start, stop, false, out);
    else if (length <= LONG) this.#encodeLong(start, stop, false, out);
    else if (!this.#pushWhole(start, stop, out)) this.#encodeParts(start, stop, out);
  }

  /** Encodes a long word, which is no token, in the parts that no token reaches out of. */
  #encodeParts(start: number, stop: number, out: IdBuffer): void {
    const { bytes } = this.#window;
    let isCuttable = false;
    for (let at = start; at < stop && !isCuttable; at++) isCuttable = bytes[at]! >= 0xe0;
    if (!isCuttable) {
      this.#split(start, stop, out);
      return;
    }
    const ends = this.#partEnds;
    for (let at = start; at < stop; ) {
      const count = this.#findParts(at, stop, ends);
      for (let part = 0; ; part++) {
        part = this.#lookUp(ends, at, part, count, out);
        if (part === count) break;
        if (part > 0) at = ends[part - 1]!;
        const end = ends[part]!;
        if (end - at <= SHORT) this.#encodeShort(at, end, true, out);
        else if (end - at <= LONG) this.#encodeLong(at, end, true, out);
        else this.#split(at, end, out);
        at = end;
      }
      at = ends[count - 1]!;
    }
  }

  /** Writes the ends of a word's parts, as many as there is room for. Returns how many. */
  #findParts(start: number, stop: number, ends: Int32Array): number {
    const borders = this.#borders;
    const { bytes } = this.#window;
    const room = ends.length - 1;
    let count = 0;
    let last = -1;
    for (let at = start; at < stop; ) {
      const lead = bytes[at]!;
      const from = at;
      let char = lead;
      if (lead < 0x80) at++;
      else if (lead < 0xe0) {
        char = ((lead & 0x1f) << 6) | (bytes[at + 1]! & 0x3f);
        at += 2;
      } else if (lead < 0xf0) {
        char = ((lead & 0xf) << 12) | ((bytes[at + 1]! & 0x3f) << 6) | (bytes[at + 2]! & 0x3f);
        at += 3;
      } else {
        char = -1;
        at += 4;
      }
      const isCuttable = last >= 0 && char >= 0 && (last >= 0x800 || char >= 0x800);
      if (isCuttable && !borders.joins(last, char)) {
        ends[count++] = from;
        if (count === room) return count;
      }
      last = char;
    }
    ends[count++] = stop;
    return count;
  }

  /** Encodes a word, or a part of one, of at most `SHORT` bytes and remembers it. */
  #encodeShort(start: number, stop: number, isPart: boolean, out: IdBuffer): void {
    const { view } = this.#window;
    const by = (stop - start) << 2;
    const a = view.getInt32(start, true) & KEY_MASKS[by]!;
    const b = view.getInt32(start + 4, true) & KEY_MASKS[by + 1]!;
    const c = (view.getInt32(start + 8, true) & KEY_MASKS[by + 2]!) | KEY_MASKS[by + 3]!;
    const slot = (hashKey(a, b, c) >>> (32 - RECENT_BITS)) << 2;
    const recent = this.#recent;
    for (let near = 4; near < 16; near += 4) {
      const other = slot ^ near;
      if (recent[other + 2] !== c || recent[other] !== a || recent[other + 1] !== b) continue;
      this.#exchange(slot, other);
      this.#pushRecent(slot, out);
      return;
    }
    let id = this.#tokens.short.find(a, b, c);
    let several = 0;
    if (id >= 0) out.ids[out.count++] = id;
    else {
      const isWhole = this.#wholeAt(start, stop) >= 0;
      if (!isPart && isWhole && this.#pushWhole(start, stop, out)) return;
      const first = out.count;
      this.#split(start, stop, out);
      const count = out.count - first;
      // What is also a token that only stands for whole words is not remembered: that may turn special.
      if (isWhole || count > RECENT_IDS) return;
      if (count === 1) id = out.ids[first]!;
      else several = count;
    }
    // The word that was here moves near by.
    this.#turn = this.#turn === 12 ? 4 : this.#turn + 4;
    this.#exchange(slot, slot ^ this.#turn);
    const idsAt = slot << 1;
    this.#recentIds[idsAt] = several;
    for (let i = 1; i <= several; i++) this.#recentIds[idsAt + i] = out.ids[out.count - several + i - 1]!;
    recent[slot] = a;
    recent[slot + 1] = b;
    recent[slot + 2] = c;
    recent[slot + 3] = id;
  }

  /** Exchanges two words that are remembered. */
  #exchange(slot: number, other: number): void {
    const recent = this.#recent;
    const ids = this.#recentIds;
    const haveSeveral = recent[slot + 3]! < 0 || recent[other + 3]! < 0;
    for (let i = 0; i < 4; i++) {
      const part = recent[slot + i]!;
      recent[slot + i] = recent[other + i]!;
      recent[other + i] = part;
    }
    if (!haveSeveral) return;
    for (let i = 0; i <= RECENT_IDS; i++) {
      const id = ids[(slot << 1) + i]!;
      ids[(slot << 1) + i] = ids[(other << 1) + i]!;
      ids[(other << 1) + i] = id;
    }
  }

  #pushRecent(slot: number, out: IdBuffer): void {
    const id = this.#recent[slot + 3]!;
    if (id >= 0) out.ids[out.count++] = id;
    else {
      const several = this.#recentIds;
      const first = (slot << 1) + 1;
      const end = first + several[slot << 1]!;
      for (let i = first; i < end; i++) out.ids[out.count++] = several[i]!;
    }
  }

  /** Encodes a word, or a part of one, of at most `LONG` bytes and remembers it. */
  #encodeLong(start: number, stop: number, isPart: boolean, out: IdBuffer): void {
    const { view } = this.#window;
    if (this.#long.find(view, start, stop - start, out)) return;
    const isWhole = this.#wholeAt(start, stop) >= 0;
    if (!isPart && isWhole && this.#pushWhole(start, stop, out)) return;
    const first = out.count;
    if (isPart) this.#split(start, stop, out);
    else this.#encodeParts(start, stop, out);
    if (!isWhole) this.#long.add(view, start, stop - start, out, out.count - first);
  }

  /** Appends a token that only stands for a whole word, where the word is one. */
  #pushWhole(start: number, stop: number, out: IdBuffer): boolean {
    const id = this.#wholeAt(start, stop);
    if (id < 0 || this.#isSpecial(id)) return false;
    out.ids[out.count++] = id;
    return true;
  }

  #wholeAt(start: number, stop: number): number {
    return this.#wholes ? this.#wholes.find(this.#window.bytes, start, stop) : -1;
  }

  #split(start: number, stop: number, out: IdBuffer): void {
    if (this.#tree) this.#encodeGreedily(this.#tree, start, stop, out);
    else this.#encodeByMerging(start, stop, out);
  }

  /**
   * Takes the longest token that may stand after the one before, and goes back where there is none. Where
   * nothing can begin is remembered, so that no position is tried twice.
   */
  #encodeGreedily(tree: MergeTree, start: number, stop: number, out: IdBuffer): void {
    const lengths = this.#lengths;
    const tokens = this.#tokens;
    const { bytes, view } = this.#window;
    const { ids } = out;
    const first = out.count;
    if (this.#closed.length <= stop - start) this.#closed = new Int32Array((stop - start) * 2);
    const closed = this.#closed;
    const word = ++this.#words;
    let filled = first;
    let at = start;
    let last = -1;
    let token = tokens.longest(bytes, view, start, stop);
    for (;;) {
      const next = at + lengths[token]!;
      if (closed[next - start] !== word && (last < 0 || tree.valid(last, token))) {
        ids[filled++] = token;
        if (next === stop) break;
        at = next;
        last = token;
        token = tokens.longest(bytes, view, at, stop);
      } else {
        const shorter = this.#shorter(token);
        if (shorter >= 0) token = shorter;
        else {
          closed[at - start] = word;
          token = ids[--filled]!;
          at -= lengths[token]!;
          last = filled > first ? ids[filled - 1]! : -1;
        }
      }
    }
    out.count = filled;
  }

  /** The longest token that is a proper prefix of another one, or -1. */
  #shorter(token: number): number {
    const { blob, starts } = this.#bytes;
    return this.#tokens.prefixOf(token, blob, this.#blobView, starts[token]!, starts[token + 1]!);
  }

  #encodeByMerging(start: number, stop: number, out: IdBuffer): void {
    const { bytes } = this.#window;
    const { merger } = this.#bpe;
    merger.reserve(stop - start);
    const { symbols } = merger;
    for (let at = start; at < stop; at++) symbols[at - start] = this.#byteIds[bytes[at]!]!;
    const count = merger.merge(stop - start);
    for (let i = 0; i < count; i++) out.ids[out.count++] = symbols[i]!;
  }
}
