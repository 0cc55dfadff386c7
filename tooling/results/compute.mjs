import { readFileSync } from 'node:fs';
import { join } from 'node:path';

// What runs cost, in multiply-adds over 2 N with N a student's parameters: a token costs the student 1 to sample and 3 to
// learn from. A teacher has 4 N: a token costs it 4, to write or to judge.

/** Reinforcement learning: the student writes and learns. */
export const reinforced = (run) => 4 * tokensOf(run);

/** On-policy distillation: the student writes, the teacher judges, the student learns. */
export const onPolicy = (run) => 8 * tokensOf(run);

/**
 * Distillation from what a teacher wrote: the student learns; every row that the teacher wrote counts, the wrong ones too.
 * @param written rows that the teacher wrote
 * @param learned rows that the student learned from, repetitions included
 */
export const offPolicy = (run, { written, learned }) => (3 + 4 * (written / learned)) * tokensOf(run);

/** In words: what share of its teachers' accuracy students reached, and at what cost. */
export function share(accuracy, goal, compute) {
  return `${(100 * (accuracy / goal)).toFixed(0)}% of its teachers' ${goal.toFixed(3)} at ${compute.toFixed(2)} times the compute of reinforcement learning alone`;
}

/** Tokens that a run read in training. */
function tokensOf({ output }) {
  return readFileSync(join(output, 'speed.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .reduce((sum, { seconds, tokensPerSecond }) => sum + seconds * tokensPerSecond, 0);
}
