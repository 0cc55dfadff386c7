import { createNormalizer } from '../normalizers/normalizer.ts';
import { createPreTokenizer } from '../pre-tokenizers/pre-tokenizer.ts';
import { AlignedText } from '../text/aligned-text.ts';
import { ByteTrie } from '../text/byte-trie.ts';
import { charClasses, PUNCTUATION } from '../text/char-class.ts';
import type { IdBuffer } from '../text/id-buffer.ts';
import { hashKey, KEY_MASKS, SHORT } from '../text/short-words.ts';
import type { ModelJson, TokenizerJson } from '../tokenizer-json.ts';
import { TokenSink } from './model.ts';
import type { WordPiece } from './word-piece.ts';

const utf8 = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const PADDING = 16;
/** Short words that are remembered: 2 to this at most. A new one takes the place of an old one. */
const RECENT_BITS = 15;
/** An entry: three words of key, how many ids, the ids. */
const STRIDE = 16;

/** Kinds of bytes: in a word, white space, punctuation, what is left to the slow path. */
const LETTER = 0;
const SPACE = 1;
const MARK = 2;
const OTHER = 3;

/**
 * The fast path of BERT's tokenizer: words of ASCII, between white space, are cleaned, cut at punctuation and split
 * in place; other words go through the components one by one, which is the slow twin.
 */
export class FastWordPiece {
  readonly #first: ByteTrie;
  readonly #further: ByteTrie;
  readonly #kinds = new Uint8Array(256).fill(OTHER);
  readonly #lowers: boolean;
  readonly #maxChars: number;
  readonly #unknownId: number;
  readonly #slow: (word: string, out: IdBuffer) => void;
  readonly #recent = new Int32Array(STRIDE << RECENT_BITS);
  #raw: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 12);
  #view = new DataView(this.#raw.buffer);
  #word = new Uint8Array(256);

  private constructor(json: TokenizerJson, model: WordPiece, forbidden: ReadonlySet<number>) {
    const { continuing_subword_prefix, max_input_chars_per_word, unk_token } = model.toJSON() as ModelJson;
    const prefix = continuing_subword_prefix as string;
    this.#maxChars = max_input_chars_per_word as number;
    this.#lowers = json.normalizer !== null && json.normalizer.lowercase !== false;
    this.#unknownId = model.vocabulary.ids.get(unk_token as string) ?? -1;
    const classes = charClasses();
    for (let byte = 0x21; byte < 0x7f; byte++)
      this.#kinds[byte] = classes[byte]! & PUNCTUATION ? MARK : LETTER;
    for (const byte of [0x20, 0x09, 0x0a, 0x0d]) this.#kinds[byte] = SPACE;
    const entries = [...model.vocabulary.ids].filter(([token, id]) => token !== '' && !forbidden.has(id));
    const { limit } = model.vocabulary;
    this.#first = trieOf(entries, limit);
    this.#further = trieOf(
      entries
        .filter(([token]) => token.startsWith(prefix) && token !== prefix)
        .map(([token, id]) => [token.slice(prefix.length), id]),
      limit,
    );
    const normalize = json.normalizer && createNormalizer(json.normalizer);
    const preTokenize = createPreTokenizer(json.pre_tokenizer!);
    this.#slow = (word, out) => {
      const text = new AlignedText(word);
      for (const piece of preTokenize([normalize ? normalize(text) : text])) {
        if (piece.length === 0) continue;
        const sink = new TokenSink();
        model.tokenize(piece.text, sink, { forbidden });
        out.reserve(sink.ids.length);
        for (const id of sink.ids) out.push(id);
      }
    };
  }

  /**
   * The fast twin of a tokenizer, or null where its components rule it out.
   * @param forbidden ids that must not come out of ordinary text
   */
  static create(json: TokenizerJson, model: WordPiece, forbidden: ReadonlySet<number>): FastWordPiece | null {
    const isBert = !json.normalizer || json.normalizer.type === 'BertNormalizer';
    if (!isBert || json.pre_tokenizer?.type !== 'BertPreTokenizer') return null;
    return new FastWordPiece({ ...json, normalizer: json.normalizer ?? null }, model, forbidden);
  }

  /** Appends the ids of a text. Returns whether it could: not where a word is unknown and there is no token for it. */
  encode(text: string, out: IdBuffer): boolean {
    if (this.#raw.length < text.length * 3 + PADDING) {
      this.#raw = new Uint8Array(text.length * 3 + PADDING);
      this.#view = new DataView(this.#raw.buffer);
    }
    const raw = this.#raw;
    const { written: end } = utf8.encodeInto(text, raw);
    raw.fill(0, end, end + PADDING);
    const kinds = this.#kinds;
    for (let at = 0; ; ) {
      while (at < end && kinds[raw[at]!] === SPACE) at++;
      if (at >= end) return true;
      const start = at;
      while (at < end && kinds[raw[at]!] !== SPACE) at++;
      if (!this.#encodeWord(start, at, out)) return false;
    }
  }

  #encodeWord(start: number, stop: number, out: IdBuffer): boolean {
    if (stop - start > SHORT) return this.#split(start, stop, out);
    const view = this.#view;
    const by = (stop - start) << 2;
    const a = view.getInt32(start, true) & KEY_MASKS[by]!;
    const b = view.getInt32(start + 4, true) & KEY_MASKS[by + 1]!;
    const c = (view.getInt32(start + 8, true) & KEY_MASKS[by + 2]!) | KEY_MASKS[by + 3]!;
    const recent = this.#recent;
    const entry = (hashKey(a, b, c) >>> (32 - RECENT_BITS)) * STRIDE;
    if (recent[entry + 2] === c && recent[entry] === a && recent[entry + 1] === b) {
      const size = recent[entry + 3]!;
      out.reserve(size);
      for (let i = 0; i < size; i++) out.ids[out.count + i] = recent[entry + 4 + i]!;
      out.count += size;
      return true;
    }
    const first = out.count;
    if (!this.#split(start, stop, out)) return false;
    const size = out.count - first;
    if (size > STRIDE - 4) return true;
    recent[entry] = a;
    recent[entry + 1] = b;
    recent[entry + 2] = c;
    recent[entry + 3] = size;
    for (let i = 0; i < size; i++) recent[entry + 4 + i] = out.ids[first + i]!;
    return true;
  }

  /** Cuts a word without white space at punctuation and splits the pieces. */
  #split(start: number, stop: number, out: IdBuffer): boolean {
    const raw = this.#raw;
    const kinds = this.#kinds;
    for (let at = start; at < stop; at++) {
      if (kinds[raw[at]!] !== OTHER) continue;
      this.#slow(decoder.decode(raw.subarray(start, stop)), out);
      return true;
    }
    if (this.#word.length < stop - start) this.#word = new Uint8Array((stop - start) * 2);
    const word = this.#word;
    for (let at = start; at < stop; ) {
      let length = 0;
      do {
        const byte = raw[at++]!;
        word[length++] = this.#lowers && byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
      } while (at < stop && kinds[raw[at]!] === LETTER && kinds[raw[at - 1]!] === LETTER);
      if (!this.#splitPiece(length, out)) return false;
    }
    return true;
  }

  /** Splits the first `length` bytes of `#word` into the longest pieces from the left. */
  #splitPiece(length: number, out: IdBuffer): boolean {
    out.reserve(length);
    const before = out.count;
    let at = length > this.#maxChars ? -1 : 0;
    while (at >= 0 && at < length) {
      const trie = at === 0 ? this.#first : this.#further;
      let id = -1;
      let end = -1;
      let node = trie.roots[this.#word[at]!]!;
      for (let to = at + 1; node >= 0; to++) {
        if (node < trie.limit) {
          id = node;
          end = to;
        }
        if (to === length) break;
        node = trie.step(node, this.#word[to]!);
      }
      if (id >= 0) out.ids[out.count++] = id;
      at = end;
    }
    if (at >= 0) return true;
    out.count = before;
    if (this.#unknownId < 0) return false;
    out.push(this.#unknownId);
    return true;
  }
}

function trieOf(entries: [string, number][], limit: number): ByteTrie {
  const list = entries
    .map(([token, id]) => [utf8.encode(token), id] as const)
    .sort((a, b) => a[0].length - b[0].length);
  const trie = new ByteTrie(limit, list.length * 2 + 16);
  for (const [bytes, id] of list) trie.add(bytes, 0, bytes.length, id);
  return trie;
}
