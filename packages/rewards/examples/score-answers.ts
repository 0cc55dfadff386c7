import { combine, gsm8k, thinkFormat } from '@attune/rewards';

const score = combine([
  { name: 'accuracy', reward: gsm8k({ mode: 'flexible' }) },
  { name: 'format', reward: thinkFormat(), weight: 0.1 },
]);
const row = { question: 'What is 6 * 7?', answer: '6 * 7 = 42\n#### 42' };
const completions = ['<think>6 * 7 = 42</think><answer>42</answer>', 'It is 42.', 'It is 40.'];
const { total, parts } = await score(
  completions,
  completions.map(() => row),
);
console.log([...total].map((x) => x.toFixed(1)).join(', '), parts);
