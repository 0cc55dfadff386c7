import { Tokenizer, toSentencePiece, toTokenizerJson, trainUnigram } from '@attune/tokenizer';

const corpus = ['the lowest tide is lower than the low tide', 'ｆｕｌｌｗｉｄｔｈ letters and ﬁne ligatures'];
const trained = trainUnigram(corpus, { vocabSize: 60, hardVocabLimit: false, normalization: 'nmt_nfkc' });

const json = toTokenizerJson(trained, { eos: true }); // a tokenizer.json, for Hugging Face's libraries
console.log(trained.encodeIds('ﬁne tide'), Tokenizer.fromJSON(json).encodeIds('ﬁne tide'));

const back = toSentencePiece(Tokenizer.fromJSON(json)); // toModel() gives the bytes of a .model
console.log(back.encodeIds('ﬁne tide', { eos: true }));
