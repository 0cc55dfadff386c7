import { call, type Expression, type RelationName } from './expression.ts';
import { readAnswer } from './read.ts';
import { constantRatio, sameValue, variables } from './same-value.ts';

/**
 * Whether two answers say the same: numbers however they are written (fractions, decimals, percentages, mixed numbers,
 * thousands separators), expressions by their values at seeded points, sets, tuples, intervals, unions, matrices, ±,
 * equations and inequalities; what is no mathematics is compared as text. A percentage equals both its number and its
 * fraction. A unit may be left out; where both have one, 100 cm is 1 m and 5 cm is not 5 m.
 */
export function equivalentAnswers(a: string, b: string): boolean {
  if (a.trim() === '' || b.trim() === '') return false;
  const [x, y] = [plainText(a), plainText(b)];
  if (x === y && x !== '') return true;
  const [left, right] = [readAnswer(a), readAnswer(b)];
  if (left.unit && right.unit && left.unit.dimension !== right.unit.dimension) return false;
  const ratio = (left.unit?.factor ?? 1) / (right.unit?.factor ?? 1);
  const scale = left.unit && right.unit && ratio !== 1 ? ratio : undefined;
  return left.expressions.some((one) =>
    right.expressions.some((other) => same(scale === undefined ? one : scaled(one, scale), other)),
  );
}

function scaled(amount: Expression, factor: number): Expression {
  return call('*', amount, { kind: 'number', text: String(factor) });
}

/** Words without LaTeX around them. Formulas keep their braces and gaps: \frac{1}{23} is not \frac{12}{3}. */
function plainText(answer: string): string {
  return answer
    .replace(/\\(?:text|textbf|textit|textrm|mathrm|mbox)\s*\{([^{}]*)\}/g, '$1')
    .replace(/\\(?:left|right)(?![a-z])|[$"'`*]/g, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([^\p{L}\p{N} ]) ?/gu, '$1')
    .trim()
    .replace(/^\{([^{}]*)\}$/, '$1')
    .replace(/[.,;:]+$/, '')
    .toLowerCase();
}

function same(a: Expression, b: Expression): boolean {
  if (a.kind === 'relation' || b.kind === 'relation') return sameRelation(a, b);
  if (a.kind === 'matrix' || b.kind === 'matrix') return sameMatrix(a, b);
  if (a.kind === 'union' || b.kind === 'union')
    return a.kind === 'union' && b.kind === 'union' && sameMembers(a.items, b.items);
  if (a.kind === 'group' || b.kind === 'group') return sameGroup(a, b);
  return percentages(a).some((x) => percentages(b).some((y) => sameValue(x, y)));
}

/** A percentage is a fraction, or the number before the sign. */
function percentages(value: Expression): Expression[] {
  if (value.kind !== 'call' || value.name !== '%') return [value];
  return [value, value.items[0]!];
}

function sameGroup(a: Expression, b: Expression): boolean {
  if (a.kind !== 'group') return sameGroup(b, a);
  // One member is the member itself.
  if (b.kind !== 'group') return a.open !== '[' && a.items.length === 1 && same(a.items[0]!, b);
  if (a.items.length !== b.items.length) return false;
  const isSequence = (group: typeof a) => group.open === '(' || group.open === '[';
  if (isSequence(a) && isSequence(b) && (a.open !== b.open || a.close !== b.close)) return false;
  if (!isSequence(a) && !isSequence(b)) return sameMembers(a.items, b.items);
  // A bare list may be a tuple whose brackets were left out; a set is none.
  if (
    a.open === '{' ||
    b.open === '{' ||
    [a, b].some(({ open, close }) => (open === '[') !== (close === ']'))
  )
    return isSequence(a) && isSequence(b) && sameInOrder(a.items, b.items);
  return sameInOrder(a.items, b.items);
}

const sameInOrder = (a: readonly Expression[], b: readonly Expression[]) =>
  a.length === b.length && a.every((item, i) => same(item, b[i]!));

/** Whether the members can be paired up, whatever their order. */
function sameMembers(a: readonly Expression[], b: readonly Expression[]): boolean {
  if (a.length !== b.length) return false;
  const left = [...b];
  return a.every((item) => {
    const place = left.findIndex((other) => same(item, other));
    if (place >= 0) left.splice(place, 1);
    return place >= 0;
  });
}

function sameMatrix(a: Expression, b: Expression): boolean {
  if (a.kind !== 'matrix' || b.kind !== 'matrix' || a.rows.length !== b.rows.length) return false;
  return a.rows.every((row, i) => sameInOrder(row, b.rows[i]!));
}

type Relation = Expression & { kind: 'relation' };

function sameRelation(a: Expression, b: Expression): boolean {
  if (a.kind !== 'relation') return sameRelation(b, a);
  if (b.kind !== 'relation') {
    const value = assigned(a) ?? asInterval(a);
    return value !== undefined && same(value, b);
  }
  const [x, y] = [assigned(a), assigned(b)];
  if (x && y && same(a.items[0]!, b.items[0]!)) return same(x, y);
  const [i, j] = [asInterval(a), asInterval(b)];
  if (i && j) return [...variables(a)].join() === [...variables(b)].join() && same(i, j);
  if (a.names.length !== 1 || b.names.length !== 1) return false;
  return sameSides(a, b);
}

/** x = 5 says 5, f(x) = x + 1 says x + 1, x ∈ S says S. */
function assigned({ names, items }: Relation): Expression | undefined {
  if (!names.every((name) => name === '=' || name === '∈')) return undefined;
  const [left] = items;
  const isName =
    left!.kind === 'variable' ||
    (left!.kind === 'call' &&
      left!.name === '*' &&
      left!.items[0]!.kind === 'variable' &&
      left!.items[1]!.kind !== 'number');
  // "2 + 3 = 5" says 5 as well.
  return isName || variables(left!).size === 0 ? items.at(-1) : undefined;
}

const FLIPPED: Partial<Record<RelationName, RelationName>> = { '<': '>', '>': '<', '≤': '≥', '≥': '≤' };

/** The values of the one variable that an inequality allows: 1 < x ≤ 3 is (1, 3]. */
function asInterval({ names, items }: Relation): Expression | undefined {
  const infinity = call('infinity');
  const interval = (
    low: Expression,
    high: Expression,
    first: RelationName,
    last: RelationName,
  ): Expression => ({
    kind: 'group',
    open: first === '≤' ? '[' : '(',
    close: last === '≤' ? ']' : ')',
    items: [low, high],
  });
  if (names.some((name) => !(name in FLIPPED))) return undefined;
  const turned = names[0] === '>' || names[0] === '≥';
  const [order, parts] = turned
    ? [names.toReversed().map((name) => FLIPPED[name]!), items.toReversed()]
    : [names, items];
  if (order.some((name) => name !== '<' && name !== '≤')) return undefined;
  if (parts.length === 3 && parts[1]!.kind === 'variable')
    return interval(parts[0]!, parts[2]!, order[0]!, order[1]!);
  if (parts.length !== 2) return undefined;
  if (parts[0]!.kind === 'variable' && variables(parts[1]!).size === 0)
    return interval(call('neg', infinity), parts[1]!, '<', order[0]!);
  if (parts[1]!.kind === 'variable' && variables(parts[0]!).size === 0)
    return interval(parts[0]!, infinity, order[0]!, '<');
  return undefined;
}

/** Whether two equations or inequalities are the same one, moved around and multiplied. */
function sameSides(a: Relation, b: Relation): boolean {
  const difference = ({ items }: Relation) => call('-', items[0]!, items[1]!);
  const ratio = constantRatio(difference(a), difference(b));
  const [x, y] = [a.names[0]!, b.names[0]!];
  if (Number.isNaN(ratio)) return false;
  if (x === '=' || x === '≠') return x === y;
  return ratio > 0 ? x === y : x === FLIPPED[y];
}
