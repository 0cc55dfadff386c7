import { equivalentAnswers, mathMatch } from '@attune/rewards';

const same = (a: string, b: string) => console.log(`${a}  ${equivalentAnswers(a, b) ? '=' : '≠'}  ${b}`);
same('\\frac{1}{2}', '50\\%');
same('x^2 + 2x + 1', '(x+1)^2');
same('3 \\pm \\sqrt{2}', '\\{3 - \\sqrt2, 3 + \\sqrt2\\}');
same('1 < x \\le 3', '(1, 3]');
same('\\text{12 cm}', '12');
same('0.3333', '\\frac13');

const reward = mathMatch({ answer: 'solution' });
console.log(reward('So we get \\boxed{\\frac{\\sqrt{3}}{2}}.', { solution: '\\sqrt{0.75}' }));
