import { compareCodePoints } from '../text/code-points.ts';
import { learnMerges } from '../train/bpe-merges.ts';
import { CountedWords } from '../train/counted-words.ts';

const END = '</w>';

/**
 * Classic BPE over the characters of words, as subword-nmt reads, writes and applies it: the last character of
 * a word carries `</w>`. Source: Sennrich et al. 2016.
 */
export class SubwordCodes {
  /** The merges in the order they were learned; parts that end a word end in `</w>`. */
  readonly merges: readonly (readonly [string, string])[];
  readonly #ranks: Map<string, number>;

  constructor(merges: readonly (readonly [string, string])[]) {
    this.merges = merges;
    // Of a merge listed twice the first counts.
    this.#ranks = new Map([...merges].reverse().map(([a, b], i) => [`${a} ${b}`, merges.length - 1 - i]));
  }

  /**
   * Reads a codes file of version 0.2.
   * @throws where a line is not a pair, or the file is of version 0.1
   */
  static parse(text: string): SubwordCodes {
    const lines = text.split(/\r?\n/);
    const version = lines[0]?.match(/^#version: (.*)$/)?.[1];
    if (version !== '0.2') {
      throw new Error(
        `subword-nmt codes: must begin with "#version: 0.2", found ${JSON.stringify(lines[0])}`,
      );
    }
    const merges = lines.slice(1).flatMap((line, i): [string, string][] => {
      const parts = line.replace(/^[\r\n ]+|[\r\n ]+$/g, '').split(' ');
      if (parts.join('') === '') return [];
      if (parts.length === 2) return [[parts[0]!, parts[1]!]];
      throw new Error(
        `subword-nmt codes, line ${i + 2}: must be "left right", found ${JSON.stringify(line)}`,
      );
    });
    return new SubwordCodes(merges);
  }

  /** The codes file. */
  toString(): string {
    return `#version: 0.2\n${this.merges.map(([a, b]) => `${a} ${b}\n`).join('')}`;
  }

  /** Splits one word into subwords, without the marks of word ends. */
  segmentWord(word: string): string[] {
    const symbols = [...word];
    if (symbols.length < 2) return symbols;
    symbols[symbols.length - 1] += END;
    for (;;) {
      let best = Infinity;
      for (let i = 0; i + 1 < symbols.length; i++)
        best = Math.min(best, this.#rank(symbols[i]!, symbols[i + 1]!));
      if (best === Infinity) break;
      // All places of the best pair are joined before looking again.
      for (let i = 0; i + 1 < symbols.length; i++) {
        if (this.#rank(symbols[i]!, symbols[i + 1]!) === best) {
          symbols.splice(i, 2, symbols[i]! + symbols[i + 1]!);
        }
      }
    }
    const last = symbols.pop()!;
    return [...symbols, last.slice(0, -END.length)];
  }

  /** Splits a sentence of words parted by spaces; subwords that do not end a word get `separator`. */
  encode(sentence: string, separator = '@@'): string[] {
    return sentence
      .replace(/^[\r\n ]+|[\r\n ]+$/g, '')
      .split(' ')
      .filter((word) => word !== '')
      .flatMap((word) => {
        const parts = this.segmentWord(word);
        return parts.map((part, i) => (i < parts.length - 1 ? part + separator : part));
      });
  }

  /** Joins subwords again. */
  decode(subwords: readonly string[], separator = '@@'): string {
    return subwords
      .map((part) => (part.endsWith(separator) ? part.slice(0, -separator.length) : `${part} `))
      .join('')
      .trimEnd();
  }

  #rank(left: string, right: string): number {
    return this.#ranks.get(`${left} ${right}`) ?? Infinity;
  }
}

/**
 * Learns codes from word counts, as subword-nmt does: the most frequent pair first, of equally frequent ones
 * the greatest in code point order.
 * @param options.merges how many merges to learn
 * @param options.minFrequency pairs that occur less often are not merged. Default 2.
 */
export function learnSubwordCodes(
  wordCounts: Iterable<readonly [word: string, count: number]>,
  options: { merges: number; minFrequency?: number },
): SubwordCodes {
  const tokens: string[] = [];
  const ids = new Map<string, number>();
  const idOf = (token: string) => {
    const known = ids.get(token);
    if (known !== undefined) return known;
    ids.set(token, tokens.length);
    return tokens.push(token) - 1;
  };
  const words = [...wordCounts].filter(([word]) => word !== '');
  const symbolsOf = (word: string) => {
    const chars = [...word];
    chars[chars.length - 1] += END;
    return chars.map(idOf);
  };
  let learned = 0;
  const merges = learnMerges(CountedWords.of(words.map(([word, count]) => [symbolsOf(word), count])), {
    minFrequency: options.minFrequency ?? 2,
    maxTokenLength: Infinity,
    isFull: () => learned >= options.merges,
    join: (left, right) => {
      learned++;
      return idOf(tokens[left]! + tokens[right]!);
    },
    order: (a, b, c, d) =>
      compareCodePoints(tokens[c]!, tokens[a]!) || compareCodePoints(tokens[d]!, tokens[b]!),
  });
  return new SubwordCodes(merges.map(([left, right]) => [tokens[left]!, tokens[right]!]));
}
