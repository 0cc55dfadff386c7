import type { Operator } from './calculation.ts';

/** Who and what a story is about. */
export interface Cast {
  name: string;
  /** Subject pronoun, upper case: She or He. */
  She: string;
  she: string;
  friend: string;
  /** A thing in the plural. */
  things: string;
}

/** A kind of story: how it opens, what may happen in it, and what it asks. */
export interface Story {
  /** What the opening sentence calculates by itself, if anything. */
  opens?: Operator;
  /** `operand` is the number of the opening step, if there is one. */
  opening(cast: Cast, start: number, operand: number): string;
  /** Sentences for each thing that may happen; a story without one for an operator never uses it. */
  events: Partial<Record<Operator, ((cast: Cast, operand: number) => string)[]>>;
  question(cast: Cast): string;
}

const WOMEN = ['Mia', 'Zoe', 'Ana', 'Eva', 'Lily', 'Ruth'];
const MEN = ['Tom', 'Leo', 'Max', 'Ben', 'Sam', 'Noah'];

/** Everybody a story may be about. */
export const NAMES = [...WOMEN, ...MEN];

/** Everything that is collected and given away. */
export const THINGS = [
  'apples',
  'books',
  'cards',
  'coins',
  'cups',
  'eggs',
  'pens',
  'shells',
  'stamps',
  'toys',
];

/** Pronouns of a name. */
export function pronouns(name: string): Pick<Cast, 'She' | 'she'> {
  return WOMEN.includes(name) ? { She: 'She', she: 'she' } : { She: 'He', she: 'he' };
}

/** Somebody has more or fewer than a friend. */
function comparison(opens: '+' | '-', word: string): Story {
  return {
    opens,
    opening: ({ name, friend, things }, start, difference) =>
      `${friend} has ${start} ${things}, and ${name} has ${difference} ${word} than ${friend}.`,
    events: {
      '+': [({ name }, n) => `Then ${name} gets ${n}.`, ({ She }, n) => `${She} makes ${n} more.`],
      '-': [({ name }, n) => `Then ${name} sells ${n}.`, ({ She }, n) => `${She} breaks ${n}.`],
    },
    question: ({ name, things }) => `How many ${things} does ${name} have?`,
  };
}

/** The kinds of stories. */
export const STORIES: Story[] = [
  {
    opening: ({ name, things }, start) => `${name} has ${start} ${things}.`,
    events: {
      '+': [
        ({ She }, n) => `${She} buys ${n} more.`,
        ({ She }, n) => `${She} finds ${n} more.`,
        ({ friend }, n) => `Then ${friend} brings ${n} more.`,
      ],
      '-': [
        ({ She, friend }, n) => `${She} gives ${n} to ${friend}.`,
        ({ She }, n) => `${She} loses ${n}.`,
        ({ friend }, n) => `Then ${friend} takes ${n}.`,
      ],
      '*': [({ she }, n) => `A year later ${she} has ${n} times as many.`],
    },
    question: ({ name, things }) => `How many ${things} does ${name} have now?`,
  },
  {
    opens: '*',
    opening: ({ name, things }, start, boxes) => `${name} fills ${boxes} boxes with ${start} ${things} each.`,
    events: {
      '+': [
        ({ She, things }, n) => `${She} has ${n} other ${things}.`,
        ({ friend }, n) => `Then ${friend} adds ${n}.`,
      ],
      '-': [({ She }, n) => `${She} sells ${n}.`, ({ friend }, n) => `Then ${friend} takes ${n} out.`],
    },
    question: ({ things }) => `How many ${things} are there in all?`,
  },
  {
    opening: (_, start) => `There are ${start} people on a bus.`,
    events: {
      '+': [(_, n) => `At a stop ${n} get on.`, (_, n) => `Then ${n} more get on.`],
      '-': [(_, n) => `At a stop ${n} get off.`, (_, n) => `Then ${n} get off.`],
    },
    question: () => 'How many people are on the bus now?',
  },
  {
    opens: '*',
    opening: ({ name }, start, weeks) => `${name} saves ${start} dollars a week for ${weeks} weeks.`,
    events: {
      '+': [
        ({ She, friend }, n) => `${She} gets ${n} dollars from ${friend}.`,
        ({ She }, n) => `${She} earns ${n} dollars.`,
      ],
      '-': [
        ({ She }, n) => `${She} spends ${n} dollars.`,
        ({ She, friend }, n) => `${She} lends ${friend} ${n} dollars.`,
      ],
    },
    question: ({ she }) => `How many dollars does ${she} have?`,
  },
  {
    opens: '*',
    opening: ({ name, things }, start, count) => `${name} buys ${count} ${things} for ${start} dollars each.`,
    events: {
      '+': [(_, n) => `A bag costs ${n} dollars more.`, (_, n) => `The post costs ${n} dollars more.`],
      '-': [(_, n) => `A coupon takes ${n} dollars off.`, (_, n) => `The price drops by ${n} dollars.`],
    },
    question: ({ she }) => `How many dollars does ${she} pay?`,
  },
  comparison('+', 'more'),
  comparison('-', 'fewer'),
];
