import { evaluate, gsm8kTask, type LanguageModel } from '@attune/eval';

const rows = [
  { question: 'What is 6 * 7?', answer: '#### 42' },
  { question: 'What is 6 + 7?', answer: '#### 13' },
];
const model: LanguageModel = {
  generate: async (prompts, { n }) => prompts.map(() => Array(n).fill('6 * 7 = 42\n#### 42')),
  logLikelihood: async () => [],
};
const { scores } = await evaluate(model, gsm8kTask(rows));
const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
const { value, low, high } = scores['pass@1']!;
console.log(`pass@1 ${percent(value)} (${percent(low)} – ${percent(high)})`);
