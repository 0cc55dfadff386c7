import { cleanAnswer } from './clean.ts';
import { call, type Expression, mapExpression, someExpression } from './expression.ts';
import { tokenize } from './lexer.ts';
import { parse } from './parser.ts';
import type { Amount } from './units.ts';

/** Longer answers are compared as texts: they are no answers. */
const MAX_LENGTH = 2000;

/** What an answer can mean. */
export interface Reading {
  /** `(1,200)` is a number in brackets or a pair. None when it is no mathematics. */
  expressions: Expression[];
  /** Its unit, if it has one that is a measure. */
  unit?: Amount['unit'];
}

/** The ways in which an answer can be read. */
export function readAnswer(answer: string): Reading {
  if (answer.length > MAX_LENGTH) return { expressions: [] };
  const { value: text, unit } = cleanAnswer(answer);
  const ambiguous = /\d,\d{3}(?!\d)/.test(text);
  const readings = (ambiguous ? [true, false] : [true]).map((thousands) => {
    const tokens = tokenize(text, thousands);
    return tokens && parse(tokens);
  });
  return { expressions: readings.filter((reading) => reading !== undefined).map(spreadSigns), unit };
}

/** Both values of what holds ± or ∓, as a list; within a list each member becomes two. */
function spreadSigns(expression: Expression): Expression {
  if (expression.kind === 'group' && (expression.open === '{' || expression.open === '')) {
    const items = expression.items.flatMap((item) => {
      const spread = spreadSigns(item);
      return spread.kind === 'group' && spread.open === '' ? spread.items : [spread];
    });
    return { ...expression, items };
  }
  const isSign = (part: Expression) => part.kind === 'call' && (part.name === '±' || part.name === '∓');
  if (!someExpression(expression, isSign)) return expression;
  const choose = (upper: boolean) =>
    mapExpression(expression, (part) => {
      if (part.kind !== 'call' || !isSign(part)) return part;
      return call((part.name === '±') === upper ? '+' : '-', ...part.items);
    });
  return { kind: 'group', open: '', close: '', items: [choose(true), choose(false)] };
}
