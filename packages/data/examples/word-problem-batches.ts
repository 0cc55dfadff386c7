import {
  ChatTemplate,
  collate,
  convertRow,
  Dataset,
  ExampleEncoder,
  Sampler,
  wordProblems,
} from '@attune/data';
import { trainBPE } from '@attune/tokenizer';

const dataset = Dataset.from(wordProblems({ count: 1000, seed: 1 })); // or: await loadDataset('train.jsonl.gz')
const texts = [...dataset].map(({ question, answer }) => `${question}\n${answer}`);
const specialTokens = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
const tokenizer = trainBPE(texts, { vocabSize: 512, specialTokens });

const encoder = new ExampleEncoder({ tokenizer, template: ChatTemplate.chatml() });
const sequences = dataset.map((row) => encoder.supervised(convertRow(row)));
const sampler = new Sampler({ length: sequences.length, batchSize: 8, seed: 1 });
const batch = collate(
  sampler.next().map((i) => sequences.at(i)),
  { padId: 0, buckets: [32, 48, 64] },
);
console.log(`${batch.batch} x ${batch.seq} tokens, ${batch.mask.reduce((a, b) => a + b)} of them targets`);
