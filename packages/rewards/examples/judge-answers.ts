import { combine, describeFailures, functionJudge, judgePairwise, pointwiseJudge } from '@attune/rewards';

// Any function from a conversation to a text; `endpointJudge({ baseUrl, model })` is one over HTTP.
const judge = functionJudge('toy', (messages) => {
  const asked = messages.at(-1)!.content;
  if (asked.includes('answer_a')) return 'The first one reads better. [[A]]';
  return asked.includes('forty-two') ? 'Right. [[9]]' : 'I would say seven out of ten.';
});

const row = { question: 'What is 6 * 7?' };
const pair = { ...row, answers: ['42', 'forty-two'] as const };
console.log(await judgePairwise(judge, pair)); // prefers what stands first, so it is a tie

const score = combine([{ name: 'judge', reward: pointwiseJudge(judge) }]);
const { total, scored, failures } = await score(['It is forty-two.', 'It is 42.'], [row, row]);
console.log(total[0]!.toFixed(2), [...scored], describeFailures(failures));
