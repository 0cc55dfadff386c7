import { call, type Expression, type RelationName } from './expression.ts';
import type { Token } from './lexer.ts';

const RELATIONS = new Set(['=', '≠', '<', '>', '≤', '≥', '∈']);
const FUNCTIONS = new Set(
  'sin cos tan cot sec csc asin acos atan sinh cosh tanh log ln lg exp abs floor ceil cbrt'.split(' '),
);
const ALIASES: Record<string, string> = {
  arcsin: 'asin',
  arccos: 'acos',
  arctan: 'atan',
  inf: 'infinity',
  oo: 'infinity',
  infty: 'infinity',
  deg: 'degree',
};
const MAX_DEPTH = 600;

class SyntaxProblem extends Error {}

/** Reads tokens as an expression. @returns undefined when they are none */
export function parse(tokens: readonly Token[]): Expression | undefined {
  try {
    return new Parser(tokens).whole();
  } catch (error) {
    if (error instanceof SyntaxProblem) return undefined;
    throw error;
  }
}

/** Recursive descent; a level of precedence is a method, the loosest first. */
class Parser {
  private readonly tokens: Token[];
  private at = 0;
  private depth = 0;
  /** How many |…| are open. */
  private bars = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = [...tokens];
  }

  whole(): Expression {
    const items = this.list();
    if (this.at < this.tokens.length || items.length === 0) this.fail();
    return items.length === 1 ? items[0]! : { kind: 'group', open: '', close: '', items };
  }

  private fail(): never {
    throw new SyntaxProblem();
  }

  private peek(ahead = 0): string | undefined {
    return this.tokens[this.at + ahead]?.text;
  }

  private accept(...texts: string[]): string | undefined {
    const text = this.peek();
    if (text === undefined || !texts.includes(text) || this.tokens[this.at]!.type === 'number')
      return undefined;
    this.at++;
    return text;
  }

  private expect(text: string): void {
    if (!this.accept(text)) this.fail();
  }

  private list(): Expression[] {
    const items = [this.relation()];
    while (this.accept(',', ';')) {
      // "1, 2, and 3" has two separators in a row.
      if (!this.accept(',')) items.push(this.relation());
      else items.push(this.relation());
    }
    return items;
  }

  private relation(): Expression {
    const items = [this.union()];
    const names: RelationName[] = [];
    while (RELATIONS.has(this.peek() ?? '')) {
      names.push(this.tokens[this.at++]!.text as RelationName);
      items.push(this.union());
    }
    return names.length ? { kind: 'relation', names, items } : items[0]!;
  }

  private union(): Expression {
    const items = [this.sum()];
    while (this.accept('∪')) items.push(this.sum());
    return items.length > 1 ? { kind: 'union', items } : items[0]!;
  }

  private sum(): Expression {
    if (++this.depth > MAX_DEPTH) this.fail();
    let left = this.product();
    for (;;) {
      const operator = this.accept('+', '-', '±', '∓');
      if (!operator) break;
      left = call(operator, left, this.product());
    }
    this.depth--;
    return left;
  }

  private product(): Expression {
    let left = this.signed();
    for (;;) {
      const operator = this.accept('*', '/');
      if (operator) left = call(operator, left, this.signed());
      else if (this.startsFactor()) left = this.juxtaposed(left);
      else return left;
    }
  }

  /** Two factors side by side: a product, or a mixed number as in 3\frac{1}{2} and 3 1/2. */
  private juxtaposed(left: Expression): Expression {
    // −2⅓ is −(2 + ⅓).
    if (left.kind === 'call' && left.name === 'neg' && left.items[0]!.kind === 'number')
      return call('neg', this.juxtaposed(left.items[0]!));
    const whole = left.kind === 'number' && /^\d+$/.test(left.text);
    const { type, gap } = this.tokens[this.at]!;
    if (whole && this.peek() === 'frac') {
      const fraction = this.power();
      const plain =
        fraction.kind === 'call' &&
        fraction.name === '/' &&
        fraction.items.every(({ kind }) => kind === 'number');
      return call(plain ? '+' : '*', left, fraction);
    }
    if (type === 'number') {
      const denominator = this.tokens[this.at + 2];
      if (!whole || !gap || this.peek(1) !== '/' || denominator?.type !== 'number') this.fail();
      const numerator = this.primary();
      this.at++;
      return call('+', left, call('/', numerator, this.primary()));
    }
    return call('*', left, this.power());
  }

  /** Whether the next token can begin a factor that is multiplied without a sign. */
  private startsFactor(): boolean {
    const token = this.tokens[this.at];
    if (!token) return false;
    if (token.type !== 'symbol') return token.text !== 'degree' && token.text !== 'end';
    if (token.text === '|') return this.bars === 0;
    return ['(', '[', '{', '⌊', '⌈'].includes(token.text);
  }

  private signed(): Expression {
    if (++this.depth > MAX_DEPTH) this.fail();
    const sign = this.accept('-', '+', '±', '∓');
    const result = sign ? this.applySign(sign, this.signed()) : this.power();
    this.depth--;
    return result;
  }

  private applySign(sign: string, value: Expression): Expression {
    if (sign === '+') return value;
    return sign === '-' ? call('neg', value) : call(sign, { kind: 'number', text: '0' }, value);
  }

  private power(): Expression {
    const base = this.postfix(this.primary());
    if (!this.accept('^')) return base;
    return this.postfix(call('^', base, this.exponent()));
  }

  private exponent(): Expression {
    if (this.peek() === '{') return this.braces();
    return this.signedPower();
  }

  private signedPower(): Expression {
    const sign = this.accept('-', '+');
    return sign ? this.applySign(sign, this.signedPower()) : this.power();
  }

  private postfix(value: Expression): Expression {
    let result = value;
    for (;;) {
      const operator = this.accept('!', '%', 'degree');
      if (!operator) return result;
      result = call(operator, result);
    }
  }

  private braces(): Expression {
    this.expect('{');
    const items = this.list();
    this.expect('}');
    // A plain {1, 2} is how a set often comes out of a model.
    return items.length === 1 ? items[0]! : { kind: 'group', open: '{', close: '}', items };
  }

  /** What a command takes: something in braces, or the next token, of a number the next digit. */
  private argument(): Expression {
    if (this.peek() === '{') return this.braces();
    const token = this.tokens[this.at];
    if (token?.type === 'number' && /^\d\d/.test(token.text)) {
      this.tokens[this.at] = { ...token, text: token.text.slice(1) };
      return { kind: 'number', text: token.text[0]! };
    }
    return this.primary();
  }

  private primary(): Expression {
    if (++this.depth > MAX_DEPTH) this.fail();
    const token = this.tokens[this.at++] ?? this.fail();
    const result = this.primaryOf(token);
    this.depth--;
    return result;
  }

  private primaryOf(token: Token): Expression {
    const { type, text } = token;
    if (type === 'number') return this.inBase({ kind: 'number', text });
    if (type === 'letter') {
      if (text === 'e' || text === 'i') return call(text);
      return { kind: 'variable', name: text + this.subscript() };
    }
    if (type === 'word') return this.named(ALIASES[text] ?? text);
    if (text === '(' || text === '[') return this.brackets(text);
    if (text === '\\{') {
      if (this.accept('\\}')) return { kind: 'group', open: '{', close: '}', items: [] };
      const items = this.list();
      this.expect('\\}');
      return { kind: 'group', open: '{', close: '}', items };
    }
    if (text === '{') {
      this.at--;
      return this.braces();
    }
    if (text === '∅') return { kind: 'group', open: '{', close: '}', items: [] };
    const closing = { '|': '|', '⌊': '⌋', '⌈': '⌉' }[text];
    if (!closing) return this.fail();
    if (text === '|') this.bars++;
    const inner = this.sum();
    if (text === '|') this.bars--;
    this.expect(closing);
    return call({ '|': 'abs', '⌊': 'floor', '⌈': 'ceil' }[text]!, inner);
  }

  /** A number with its base below: 101_2. */
  private inBase(number: Expression & { kind: 'number' }): Expression {
    if (this.peek() !== '_') return number;
    const base = Number(this.subscript().replace(/\D/g, ''));
    const value = Number.parseInt(number.text, base);
    // Only when each digit is one of that base.
    if (!(base >= 2 && base <= 36) || value.toString(base) !== number.text.replace(/^0+(?=.)/, ''))
      this.fail();
    return { kind: 'number', text: String(value) };
  }

  private subscript(): string {
    if (!this.accept('_')) return '';
    if (!this.accept('{')) return `_${this.tokens[this.at++]?.text ?? this.fail()}`;
    let text = '';
    while (!this.accept('}')) text += this.tokens[this.at++]?.text ?? this.fail();
    return `_${text}`;
  }

  private brackets(open: '(' | '['): Expression {
    const outer = this.bars;
    this.bars = 0;
    const items = this.list();
    this.bars = outer;
    const close = (this.accept(')', ']') ?? this.fail()) as ')' | ']';
    if (items.length === 1 && (open === '(') === (close === ')')) return items[0]!;
    return { kind: 'group', open, close, items };
  }

  private named(name: string): Expression {
    if (name === 'frac' || name === 'binom' || name === 'tbinom' || name === 'dbinom') {
      const [above, below] = [this.argument(), this.argument()];
      return call(name === 'frac' ? '/' : 'binomial', above, below);
    }
    if (name === 'sqrt') {
      const degree = this.accept('[') ? this.relation() : undefined;
      if (degree) this.expect(']');
      const inner = this.argument();
      return degree ? call('root', inner, degree) : call('sqrt', inner);
    }
    if (name === 'begin') return this.matrix();
    if (FUNCTIONS.has(name)) return this.functionCall(name);
    if (name === 'pi' || name === 'infinity') return call(name);
    return { kind: 'variable', name: name + this.subscript() };
  }

  private functionCall(name: string): Expression {
    const base = name === 'log' && this.accept('_') ? this.argument() : undefined;
    const exponent = this.accept('^') ? this.exponent() : undefined;
    let argument: Expression;
    if (this.peek() === '(' || this.peek() === '{') argument = this.postfix(this.primary());
    else {
      // sin 2x: everything up to the next sign belongs to it.
      argument = this.signedPower();
      while (this.startsFactor() && !FUNCTIONS.has(this.peek() ?? '')) argument = this.juxtaposed(argument);
    }
    const value = base ? call('log', argument, base) : call(name, argument);
    if (!exponent) return value;
    // sin^{-1} is the inverse.
    const inverse =
      exponent.kind === 'call' && exponent.name === 'neg' && ['sin', 'cos', 'tan'].includes(name);
    return inverse ? call(`a${name}`, argument) : call('^', value, exponent);
  }

  private matrix(): Expression {
    const rows: Expression[][] = [[]];
    for (;;) {
      rows.at(-1)!.push(this.relation());
      if (this.accept('&')) continue;
      if (this.accept('\\\\') && this.peek() !== 'end') rows.push([]);
      else break;
    }
    this.expect('end');
    return { kind: 'matrix', rows };
  }
}
