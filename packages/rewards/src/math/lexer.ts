/** A piece of an answer. `gap` says that white space stands before it. */
export interface Token {
  type: 'number' | 'letter' | 'word' | 'symbol';
  text: string;
  gap: boolean;
}

/** Commands of LaTeX by what they mean; those that are missing keep their name. */
const COMMANDS: Record<string, string> = {
  cdot: '*',
  times: '*',
  ast: '*',
  div: '/',
  pm: '±',
  mp: '∓',
  le: '≤',
  leq: '≤',
  leqslant: '≤',
  ge: '≥',
  geq: '≥',
  geqslant: '≥',
  lt: '<',
  gt: '>',
  ne: '≠',
  neq: '≠',
  in: '∈',
  cup: '∪',
  infty: 'infinity',
  lvert: '|',
  rvert: '|',
  vert: '|',
  mid: '|',
  lfloor: '⌊',
  rfloor: '⌋',
  lceil: '⌈',
  rceil: '⌉',
  lbrace: '\\{',
  rbrace: '\\}',
  emptyset: '∅',
  varnothing: '∅',
  arcsin: 'asin',
  arccos: 'acos',
  arctan: 'atan',
  degree: 'degree',
};

/** Words of plain text that mean something; others make the answer a text. */
const WORDS = new Set(
  'pi sqrt cbrt sin cos tan cot sec csc asin acos atan arcsin arccos arctan sinh cosh tanh log ln exp abs infinity inf oo floor ceil lg deg infty'.split(
    ' ',
  ),
);

const THOUSANDS = /^\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?/;
const NUMBER = /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/;
const MATRIX = /^\\(begin|end)\s*\{[pbB]?matrix\}/;

/**
 * Splits a cleaned answer into tokens.
 *
 * @param thousands whether `1,000` is one number and not two
 * @returns undefined when there is something in it that mathematics has no use for
 */
export function tokenize(text: string, thousands: boolean): Token[] | undefined {
  const tokens: Token[] = [];
  let rest = text;
  let gap = false;
  const push = (type: Token['type'], value: string, length: number) => {
    tokens.push({ type, text: value, gap });
    rest = rest.slice(length);
    gap = false;
  };
  while (rest !== '') {
    const space = /^\s+/.exec(rest);
    if (space) {
      rest = rest.slice(space[0].length);
      gap = true;
      continue;
    }
    const number = (thousands && THOUSANDS.exec(rest)) || NUMBER.exec(rest);
    const command = /^\\([a-zA-Z]+|[{}|\\])/.exec(rest);
    const word = /^[a-zA-Z]+/.exec(rest);
    const matrix = MATRIX.exec(rest);
    if (number) push('number', number[0].replaceAll(',', ''), number[0].length);
    else if (matrix) push('word', matrix[1]!, matrix[0].length);
    else if (command) {
      const [whole, name] = command as unknown as [string, string];
      if (name === '{' || name === '}') push('symbol', `\\${name}`, 2);
      else if (name === '|') push('symbol', '|', 2);
      else if (name === '\\') push('symbol', '\\\\', 2);
      else {
        const meaning = COMMANDS[name] ?? name;
        push(/^[a-zA-Z]/.test(meaning) ? 'word' : 'symbol', meaning, whole.length);
      }
    } else if (word) {
      if (!pushWord(word[0], push)) return undefined;
    } else if (/^[<>!]=/.test(rest))
      push('symbol', { '<=': '≤', '>=': '≥', '!=': '≠' }[rest.slice(0, 2)]!, 2);
    else if (rest.startsWith('**')) push('symbol', '^', 2);
    else if (/^[-+*/^!%=<>≤≥≠∈(){}[\]|,;:_&∅⌊⌋⌈⌉±'α-ωΑ-Ω]/.test(rest)) {
      const [symbol] = rest as unknown as [string];
      push(/[α-ωΑ-Ω]/.test(symbol) ? 'word' : 'symbol', symbol, 1);
    } else return undefined;
  }
  return tokens;
}

/** A known word, or variables of a letter each. @returns false for a word of plain text */
function pushWord(word: string, push: (type: Token['type'], value: string, length: number) => void): boolean {
  const known = WORDS.has(word.toLowerCase()) && word.length > 1;
  if (known) push('word', word.toLowerCase(), word.length);
  else if (word.length > 2 && !/^(?:[xyz]+|abc|abcd)$/.test(word)) return false;
  else for (const letter of word) push('letter', letter, 1);
  return true;
}
