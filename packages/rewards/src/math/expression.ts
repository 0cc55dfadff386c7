/** Relations that an answer may state. */
export type RelationName = '=' | '≠' | '<' | '>' | '≤' | '≥' | '∈';

/** What an answer says, read. */
export type Expression =
  /** `text` is how it is written, without thousands separators. */
  | { kind: 'number'; text: string }
  | { kind: 'variable'; name: string }
  /** Operators (`+ - * / ^ ! neg ± ∓ % degree`), functions (`sqrt sin …`) and constants (`pi e i infinity`), by name. */
  | { kind: 'call'; name: string; items: Expression[] }
  /** Members in brackets: `( ) [ ]` in any mixture for tuples and intervals, `{ }` for sets, none for a bare list. */
  | { kind: 'group'; open: '(' | '[' | '{' | ''; close: ')' | ']' | '}' | ''; items: Expression[] }
  /** A chain: `1 < x ≤ 3` has three items and two names. */
  | { kind: 'relation'; names: RelationName[]; items: Expression[] }
  | { kind: 'union'; items: Expression[] }
  | { kind: 'matrix'; rows: Expression[][] };

/** Names that stand for a number. */
export const constants = ['pi', 'e', 'i', 'infinity'] as const;

/** A call, for short. */
export const call = (name: string, ...items: Expression[]): Expression => ({ kind: 'call', name, items });

/** Replaces every part of an expression, the innermost first. */
export function mapExpression(expression: Expression, change: (part: Expression) => Expression): Expression {
  const map = (each: Expression) => mapExpression(each, change);
  switch (expression.kind) {
    case 'number':
    case 'variable':
      return change(expression);
    case 'matrix':
      return change({ ...expression, rows: expression.rows.map((row) => row.map(map)) });
    default:
      return change({ ...expression, items: expression.items.map(map) });
  }
}

/** Whether some part of an expression passes a test. */
export function someExpression(expression: Expression, test: (part: Expression) => boolean): boolean {
  let found = false;
  mapExpression(expression, (part) => {
    found ||= test(part);
    return part;
  });
  return found;
}
