import { categoryRanges } from './unicode-categories.ts';

/**
 * Compiles a pattern of `tokenizer.json` (Oniguruma syntax, of which Rust's is nearly a part) as a JavaScript
 * regular expression with flags `gv`. Possessive quantifiers and atomic groups become lookaheads with a
 * backreference; `\s`, `\d`, `\w`, `\p{L}` ... mean what they mean in Unicode 16.
 * @throws where the pattern uses syntax that has no equivalent
 */
export function compilePattern(source: string): RegExp {
  const translated = new Translator(source).translate();
  try {
    return new RegExp(translated, 'gv');
  } catch (error) {
    throw unsupported(source, (error as Error).message);
  }
}

const unsupported = (source: string, reason: string) =>
  new Error(`pattern ${JSON.stringify(source)} has no JavaScript equivalent: ${reason}`);

/** A property of the engine's Unicode version, without what Unicode 16 does not know. */
const property = (name: string) => `[\\p{${name}}--[${categoryRanges('Cn')}]]`;
const SPACE = '\\p{White_Space}';
const category = (name: string) => `[${categoryRanges(name)}]`;
const SHORTHANDS: Record<string, () => string> = {
  s: () => `[${SPACE}]`,
  d: () => category('Nd'),
  // Oniguruma counts the superscripts and fractions of Latin-1.
  w: () =>
    `[${property('Alphabetic')}${['M', 'Nd', 'Pc'].map(categoryRanges).join('')}\\u00b2\\u00b3\\u00b9\\u00bc-\\u00be]`,
  h: () => '[0-9A-Fa-f]',
};
const CONTROLS: Record<string, string> = {
  n: '\n',
  r: '\r',
  t: '\t',
  f: '\f',
  v: '\v',
  a: '\x07',
  e: '\x1b',
};
const POSIX: Record<string, () => string> = {
  alpha: () => property('Alphabetic'),
  digit: SHORTHANDS.d!,
  alnum: () => `[${property('Alphabetic')}${categoryRanges('Nd')}]`,
  upper: () => property('Uppercase'),
  lower: () => property('Lowercase'),
  space: SHORTHANDS.s!,
  punct: () => `[${categoryRanges('P')}${categoryRanges('S')}]`,
  cntrl: () => category('Cc'),
  xdigit: SHORTHANDS.h!,
  word: SHORTHANDS.w!,
  blank: () => '[\\t\\p{Zs}]',
};

class Translator {
  readonly #source: string;
  readonly #chars: string[];
  #at = 0;
  #ignoreCase = false;
  #dotAll = false;
  #extended = false;
  #groups = 0;
  #atomics = 0;

  constructor(source: string) {
    this.#source = source;
    this.#chars = [...source];
  }

  translate(): string {
    const result = this.#alternatives();
    if (this.#at < this.#chars.length) throw this.#error('unmatched )');
    return result;
  }

  #error(reason: string): Error {
    return unsupported(this.#source, `${reason} at ${this.#at}`);
  }

  #peek(text: string): boolean {
    return this.#chars.slice(this.#at, this.#at + text.length).join('') === text;
  }

  #take(text: string): boolean {
    if (!this.#peek(text)) return false;
    this.#at += text.length;
    return true;
  }

  #until(end: string): string {
    const stop = this.#chars.indexOf(end, this.#at);
    if (stop < 0) throw this.#error(`missing ${end}`);
    const text = this.#chars.slice(this.#at, stop).join('');
    this.#at = stop + 1;
    return text;
  }

  /** Everything up to a closing parenthesis or the end. Inline flags last as long. */
  #alternatives(): string {
    const flags = [this.#ignoreCase, this.#dotAll, this.#extended] as const;
    let result = '';
    while (this.#at < this.#chars.length && !this.#peek(')')) {
      result += this.#take('|') ? '|' : this.#quantified();
    }
    [this.#ignoreCase, this.#dotAll, this.#extended] = flags;
    return result;
  }

  #quantified(): string {
    const atom = this.#atom();
    const interval = this.#chars
      .slice(this.#at)
      .join('')
      .match(/^\{(\d*)(,?)(\d*)\}/);
    if (interval && (interval[1] || interval[3])) {
      this.#at += interval[0].length;
      const [, low, comma, high] = interval;
      return this.#repeat(`${atom}{${low || 0}${comma}${high}}`, false);
    }
    for (const quantifier of ['*', '+', '?']) {
      if (this.#take(quantifier)) return this.#repeat(atom + quantifier, true);
    }
    return atom;
  }

  /** What follows a quantifier: lazy, possessive, or (after an interval) repeated. */
  #repeat(repeated: string, possessive: boolean): string {
    if (this.#take('?')) return `${repeated}?`;
    if (!this.#take('+')) return repeated;
    // After an interval, Oniguruma reads + as another repetition, which is the same set of texts.
    return possessive ? this.#atomic(repeated) : this.#repeat(`(?:${repeated})+`, false);
  }

  #atomic(inner: string): string {
    const name = `atomic${this.#atomics++}`;
    return `(?:(?=(?<${name}>${inner}))\\k<${name}>)`;
  }

  #atom(): string {
    const char = this.#chars[this.#at++]!;
    if (char === '(') return this.#group();
    if (char === '[') return this.#class();
    if (char === '\\') return this.#escape();
    if (char === '.') return this.#dotAll ? '[\\s\\S]' : '[^\\n]';
    if (char === '^') return '(?<![^\\n])';
    if (char === '$') return '(?![^\\n])';
    if (this.#extended && /\s/.test(char)) return '';
    if (this.#extended && char === '#') {
      while (this.#at < this.#chars.length && this.#chars[this.#at] !== '\n') this.#at++;
      return '';
    }
    return this.#literal(char);
  }

  #literal(char: string): string {
    const folded = this.#ignoreCase ? foldings(char) : [char];
    return folded.length > 1 ? `[${folded.map(escapeLiteral).join('')}]` : escapeLiteral(char);
  }

  #group(): string {
    if (!this.#take('?')) return this.#close(`(?<group${++this.#groups}>`);
    if (this.#take('#')) {
      this.#until(')');
      return '';
    }
    for (const open of [':', '=', '!', '<=', '<!']) {
      if (this.#take(open)) return this.#close(`(?${open}`);
    }
    if (this.#take('>')) {
      const inner = this.#alternatives();
      if (!this.#take(')')) throw this.#error('missing )');
      return this.#atomic(inner);
    }
    if (this.#take('P<') || this.#take('<')) return this.#close(`(?<${this.#until('>')}>`);
    return this.#flags();
  }

  #close(open: string): string {
    const inner = this.#alternatives();
    if (!this.#take(')')) throw this.#error('missing )');
    return `${open}${inner})`;
  }

  #flags(): string {
    const saved = [this.#ignoreCase, this.#dotAll, this.#extended] as const;
    let on = true;
    for (;;) {
      const char = this.#chars[this.#at++];
      if (char === '-') on = false;
      else if (char === 'i') this.#ignoreCase = on;
      else if (char === 'm' || char === 's') this.#dotAll = on;
      else if (char === 'x') this.#extended = on;
      else if (char === 'u') continue;
      else if (char === ')') return '';
      else if (char === ':') break;
      else throw this.#error(`unknown group (?${char}`);
    }
    const group = this.#close('(?:');
    [this.#ignoreCase, this.#dotAll, this.#extended] = saved;
    return group;
  }

  /** An escape outside of classes; the backslash is behind us. */
  #escape(): string {
    const char = this.#chars[this.#at]!;
    if (char === undefined) throw this.#error('a backslash ends the pattern');
    const word = SHORTHANDS.w!();
    const simple: Record<string, string> = {
      A: '(?<![\\s\\S])',
      z: '(?![\\s\\S])',
      Z: '(?=\\n?(?![\\s\\S]))',
      b: `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`,
      B: `(?:(?<=${word})(?=${word})|(?<!${word})(?!${word}))`,
      R: '(?:\\r\\n|[\\n-\\r\\u0085\\u2028\\u2029])',
    };
    if (Object.hasOwn(simple, char)) {
      this.#at++;
      return simple[char]!;
    }
    if (this.#take('k<')) return `\\k<${this.#until('>')}>`;
    if (/[1-9]/.test(char)) {
      this.#at++;
      return `\\k<group${char}>`;
    }
    const { set, literal } = this.#classEscape();
    return set ?? this.#literal(literal!);
  }

  /** An escape that may stand in a class: a set of characters, or one character. */
  #classEscape(): { set?: string; literal?: string } {
    const char = this.#chars[this.#at++]!;
    const lower = char.toLowerCase();
    if (Object.hasOwn(SHORTHANDS, lower)) {
      const set = SHORTHANDS[lower]!();
      return { set: char === lower ? set : `[^${set}]` };
    }
    if (lower === 'p') return { set: this.#property(char === 'P') };
    if (Object.hasOwn(CONTROLS, char)) return { literal: CONTROLS[char]! };
    if (char === 'x' || char === 'u') {
      const hex = this.#take('{') ? this.#until('}') : this.#hex(char === 'x' ? 2 : 4);
      return { literal: String.fromCodePoint(Number.parseInt(hex, 16)) };
    }
    if (char === '0') return { literal: '\0' };
    if (/[A-Za-z0-9]/.test(char)) throw this.#error(`unknown escape \\${char}`);
    return { literal: char };
  }

  #hex(digits: number): string {
    const hex = this.#chars.slice(this.#at, this.#at + digits).join('');
    if (!/^[0-9a-fA-F]+$/.test(hex)) throw this.#error('bad hexadecimal escape');
    this.#at += hex.length;
    return hex;
  }

  #property(negated: boolean): string {
    let name = this.#take('{') ? this.#until('}') : this.#chars[this.#at++]!;
    let negative = negated;
    if (name.startsWith('^')) {
      negative = !negative;
      name = name.slice(1);
    }
    const set = propertySet(name);
    if (set === null) throw this.#error(`unknown property ${name}`);
    return negative ? `[^${set}]` : set;
  }

  /** A bracketed class; the opening bracket is behind us. */
  #class(): string {
    const negated = this.#take('^');
    const operands: string[] = [];
    let items = '';
    if (this.#take(']')) items += '\\]';
    for (;;) {
      if (this.#at >= this.#chars.length) throw this.#error('missing ]');
      if (this.#take(']')) break;
      if (this.#take('&&')) {
        operands.push(`[${items}]`);
        items = '';
        continue;
      }
      items += this.#classItem();
    }
    operands.push(`[${items}]`);
    return operands.length === 1 && !negated ? operands[0]! : `[${negated ? '^' : ''}${operands.join('&&')}]`;
  }

  #classItem(): string {
    if (this.#take('[:')) {
      const negated = this.#take('^');
      const name = this.#until(':');
      this.#take(']');
      if (!Object.hasOwn(POSIX, name)) throw this.#error(`unknown class [:${name}:]`);
      return negated ? `[^${POSIX[name]!()}]` : POSIX[name]!();
    }
    if (this.#take('[')) return this.#class();
    const first = this.#classChar();
    if (first.set !== undefined) return first.set;
    const isRange = this.#peek('-') && !this.#peek('-]') && !this.#peek('-[');
    if (!isRange) return this.#foldedItem(first.literal!);
    this.#at++;
    const last = this.#classChar();
    if (last.set !== undefined) return `${this.#foldedItem(first.literal!)}\\-${last.set}`;
    const range = `${escapeLiteral(first.literal!)}-${escapeLiteral(last.literal!)}`;
    return this.#ignoreCase ? range + foldedRange(first.literal!, last.literal!) : range;
  }

  #classChar(): { set?: string; literal?: string } {
    return this.#take('\\') ? this.#classEscape() : { literal: this.#chars[this.#at++]! };
  }

  #foldedItem(char: string): string {
    return (this.#ignoreCase ? foldings(char) : [char]).map(escapeLiteral).join('');
  }
}

/** A set for a Unicode property: a general category, a script, or a binary property; null if none. */
function propertySet(name: string): string | null {
  const plain = name.replaceAll(/[ _-]/g, '').toLowerCase();
  if (Object.hasOwn(POSIX, plain)) return POSIX[plain]!();
  const short = plain.slice(0, 1).toUpperCase() + plain.slice(1);
  const ranges = categoryRanges(LONG_CATEGORIES[plain] ?? short);
  if (ranges !== null) return `[${ranges}]`;
  if (plain === 'any') return '[\\s\\S]';
  for (const candidate of [`Script=${name}`, name]) {
    try {
      new RegExp(`\\p{${candidate}}`, 'v');
      return property(candidate);
    } catch {
      // Not a property of that kind: try the next.
    }
  }
  return null;
}

const LONG_CATEGORIES: Record<string, string> = {
  letter: 'L',
  uppercaseletter: 'Lu',
  lowercaseletter: 'Ll',
  titlecaseletter: 'Lt',
  modifierletter: 'Lm',
  otherletter: 'Lo',
  mark: 'M',
  number: 'N',
  decimalnumber: 'Nd',
  punctuation: 'P',
  symbol: 'S',
  separator: 'Z',
  other: 'C',
};

/** The characters equal to one when case is ignored. */
function foldings(char: string): string[] {
  const same = [char, char.toLowerCase(), char.toUpperCase()];
  const lower = char.toLowerCase();
  if (lower === 's' || char === 'ſ') same.push('s', 'S', 'ſ');
  if (lower === 'k') same.push('\u212a');
  if (lower === 'å') same.push('\u212b');
  return [...new Set(same)].filter((each) => [...each].length === 1);
}

function foldedRange(first: string, last: string): string {
  let folded = '';
  const end = Math.min(last.codePointAt(0)!, first.codePointAt(0)! + 0x2000);
  for (let codePoint = first.codePointAt(0)!; codePoint <= end; codePoint++) {
    const char = String.fromCodePoint(codePoint);
    for (const each of foldings(char)) if (each !== char) folded += escapeLiteral(each);
  }
  return folded;
}

const escapeLiteral = (char: string) =>
  /[A-Za-z0-9]/.test(char) || char > '\x7f' ? char : `\\u{${char.codePointAt(0)!.toString(16)}}`;
