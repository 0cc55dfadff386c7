import { Tokenizer, trainBPE } from '@attune/tokenizer';

const tokenizer = trainBPE(['the lowest tide is lower than the low tide'], {
  vocabSize: 270,
  specialTokens: ['<|endoftext|>'],
});
const ids = tokenizer.encodeIds('the low tide<|endoftext|>'); // the special token is plain text here
console.log(ids.length, tokenizer.decode(ids));

const saved = JSON.stringify(tokenizer); // the text of a tokenizer.json
const { tokens, offsets } = Tokenizer.fromJSON(saved).encode('lower', { specialTokens: 'allow' });
console.log(tokens, offsets);
