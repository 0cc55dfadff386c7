import { type Row, type WordProblem, type WordProblemOptions, wordProblems } from '@attune/data';
import { hash } from '../random.ts';
import type { Recipe } from '../recipe/schema.ts';

type Source = Recipe['data']['train'];

/**
 * Generated word problems as rows: worked solutions, or, for other kinds of training, right solutions against wrong
 * ones. A wrong solution stops a step early or slips in its last calculation. Every row keeps `answer`, the right
 * solution, for rewards to compare with.
 */
export function problemRows(
  { difficulty, mistakes, as, desirable }: Source,
  options: Required<Pick<WordProblemOptions, 'count' | 'seed' | 'split'>>,
): Row[] {
  const right = wordProblems({ ...options, difficulty, mistakes: as === 'solutions' ? mistakes : 0 });
  if (as === 'solutions') return right as unknown as Row[];
  if (as === 'thinking') return right.map((problem, i) => inMode(problem, i));
  if (as === 'texts') return right.map((problem, i) => scribbled(problem, hash(options.seed, i, 'scribble')));
  const hurried = wordProblems({ ...options, difficulty, mistakes: 1 });
  return right.flatMap(({ question: prompt, answer }, i): Row[] => {
    const slipped = slip(answer, hash(options.seed, i, 'slip'));
    const early = hurried[i]!.answer;
    const wrong = i % 2 === 0 ? slipped : early;
    switch (as) {
      case 'pairs':
        return [{ prompt, chosen: answer, rejected: wrong, answer }];
      case 'graded': {
        // Graded 2 for too short, 1 for slightly wrong, and 1 between the two.
        const [chosen, rejected, margin] = [
          [answer, early, 2],
          [answer, slipped, 1],
          [slipped, early, 1],
        ][i % 3] as [string, string, number];
        return [{ prompt, chosen, rejected, margin, answer }];
      }
      case 'lists':
        return [{ prompt, completions: [answer, slipped, early], scores: [2, 1, 0], answer }];
      case 'steps': {
        const completions = (i % 2 === 0 ? answer : slipped).split('\n');
        const truth = answer.split('\n');
        return [{ prompt, completions, labels: completions.map((line, at) => line === truth[at]), answer }];
      }
      default: {
        // Of every right solution a share is kept, evenly over the problems.
        const kept = Math.floor((i + 1) * desirable) > Math.floor(i * desirable);
        const good = { prompt, completion: answer, label: true, answer };
        const bad = { prompt, completion: wrong, label: false, answer };
        return kept ? [good, bad] : [bad];
      }
    }
  });
}

/** Every second problem asks for the answer at once, the others for the steps (Qwen3, arXiv 2505.09388, section 4.3). */
function inMode({ question, answer, steps }: WordProblem, i: number): Row {
  const quick = i % 2 === 1;
  return {
    question: quick ? `${question} /no_think` : question,
    answer: quick ? answer.split('\n').at(-1)! : answer,
    steps,
  };
}

/**
 * Problem and solution as one text, as they may be found lying about: mostly only an answer, more often wrong than
 * right; sometimes worked out. What a base model reads.
 */
function scribbled({ question, answer }: WordProblem, draw: number): Row {
  const result = answer.split('\n').at(-1)!;
  const ways = [
    result,
    slip(result, draw >>> 4),
    slip(result, draw >>> 8),
    answer,
    slip(answer, draw >>> 12),
  ];
  return { text: `${question}\n${ways[draw % ways.length]!}` };
}

/** A solution whose last calculation is off by one or two. */
function slip(solution: string, draw: number): string {
  const lines = solution.split('\n');
  const result = Number(lines.at(-1)!.replace('#### ', ''));
  const off = [-2, -1, 1, 2][draw % 4]!;
  const wrong = result + off < 0 ? result - off : result + off;
  if (lines.length > 1) lines[lines.length - 2] = lines.at(-2)!.replace(/= \d+$/, `= ${wrong}`);
  lines[lines.length - 1] = `#### ${wrong}`;
  return lines.join('\n');
}
