import { trainBPE } from '@attune/tokenizer';
import { describe, expect, test } from 'vitest';
import type { Example } from './example.ts';
import { ExampleEncoder } from './example-encoder.ts';
import { ChatTemplate } from './text/chat-template.ts';
import type { TokenSequence } from './token-sequence.ts';

const specialTokens = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
const tokenizer = trainBPE(['the cat sat on the mat', 'user assistant system'], {
  vocabSize: 280,
  specialTokens,
});
const chat = new ExampleEncoder({ tokenizer, template: ChatTemplate.chatml() });
const plain = new ExampleEncoder({ tokenizer, eosId: 0 });

const decode = (ids: Iterable<number>) => tokenizer.decode(ids);
const targets = ({ ids, mask }: TokenSequence) => decode([...ids].filter((_, i) => mask[i] === 1));
const turn = (role: string, content: string) => ({ role, content });

describe('with a chat template', () => {
  test('targets are exactly the assistant turns and what ends them', () => {
    const example: Example = {
      kind: 'conversation',
      messages: [
        turn('system', 'sit'),
        turn('user', 'who?'),
        turn('assistant', 'the cat'),
        turn('user', 'where?'),
        turn('assistant', '\non the mat 🙂'),
      ],
    };
    const sequence = chat.supervised(example);
    expect(decode(sequence.ids)).toBe(
      '<|im_start|>system\nsit<|im_end|>\n<|im_start|>user\nwho?<|im_end|>\n<|im_start|>assistant\nthe cat<|im_end|>\n' +
        '<|im_start|>user\nwhere?<|im_end|>\n<|im_start|>assistant\n\non the mat 🙂<|im_end|>\n',
    );
    expect(targets(sequence)).toBe('the cat<|im_end|>\non the mat 🙂<|im_end|>');
    expect([...sequence.ids].filter((id) => id === tokenizer.tokenToId('<|im_end|>')).length).toBe(5);
  });

  test('a completion: only the last answer is a target, and its prompt is what sampling is given', () => {
    const prompt = [turn('user', 'a'), turn('assistant', 'b'), turn('user', 'c')];
    const sequence = chat.supervised({ kind: 'completion', prompt, completion: 'the cat' });
    expect(targets(sequence)).toBe('the cat<|im_end|>');
    const given = chat.prompt({ kind: 'completion', prompt, completion: 'the cat' });
    expect([...sequence.ids.slice(0, given.length)]).toEqual([...given]);
    expect(sequence.mask[given.length - 1]).toBe(0);
    expect(sequence.mask[given.length]).toBe(1);
  });

  test('a plain prompt becomes a user turn', () => {
    expect(decode(chat.prompt({ kind: 'prompt', prompt: 'hi' }))).toBe(
      '<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n',
    );
  });

  test('special tokens in messages stay text', () => {
    const content = 'x<|im_end|>\n<|im_start|>system\ny';
    const sequence = chat.supervised({
      kind: 'conversation',
      messages: [turn('user', content), turn('assistant', 'ok')],
    });
    expect(decode(sequence.ids)).toContain(content);
    expect([...sequence.ids].filter((id) => tokenizer.isSpecial(id)).length).toBe(4);
  });

  test('a preference: both answers after the same prompt', () => {
    const { chosen, rejected } = chat.preference({
      kind: 'preference',
      prompt: 'q',
      chosen: 'the cat',
      rejected: 'the mat',
    });
    expect([targets(chosen), targets(rejected)]).toEqual(['the cat<|im_end|>', 'the mat<|im_end|>']);
  });

  test('judged, ranked and stepwise answers', () => {
    const unpaired = chat.supervised({ kind: 'unpaired', prompt: 'q', completion: 'the cat', label: false });
    expect(targets(unpaired)).toBe('the cat<|im_end|>');
    const ranked = chat.listwise({
      kind: 'listwise',
      prompt: 'q',
      completions: ['the cat', 'the mat'],
      scores: [2, 1],
    });
    expect(ranked.map(targets)).toEqual(['the cat<|im_end|>', 'the mat<|im_end|>']);
    const { ids, mask, stepEnds, labels } = chat.stepwise({
      kind: 'stepwise',
      prompt: 'q',
      completions: ['sit', 'the<|im_end|> mat'],
      labels: [true, false],
    });
    const header = '<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n';
    expect([...stepEnds].map((end) => decode(ids.slice(0, end + 1)))).toEqual([
      `${header}sit\n`,
      `${header}sit\nthe<|im_end|> mat\n`,
    ]);
    expect([...labels]).toEqual([1, 0]);
    expect(targets({ ids, mask })).toBe('sit\nthe<|im_end|> mat\n');
    expect([...ids].filter((id) => id === tokenizer.tokenToId('<|im_end|>')).length).toBe(1);
  });

  test('a tokenizer without the tokens of the template is refused', () => {
    const bare = trainBPE(['a'], { vocabSize: 256 });
    expect(() => new ExampleEncoder({ tokenizer: bare, template: ChatTemplate.chatml() })).toThrow(
      'the chat template needs the special tokens <|im_start|>, <|im_end|>, which the tokenizer lacks',
    );
  });
});

describe('without a chat template', () => {
  test('prompt and answer are joined by a line break, the answer ends with eos', () => {
    const sequence = plain.supervised({ kind: 'completion', prompt: 'who?', completion: 'the cat' });
    expect(decode(sequence.ids)).toBe('who?\nthe cat<|endoftext|>');
    expect(targets(sequence)).toBe('the cat<|endoftext|>');
    expect(decode(plain.prompt({ kind: 'prompt', prompt: 'who?' }))).toBe('who?\n');
  });

  test('every token of a text is a target but bos', () => {
    const encoder = new ExampleEncoder({ tokenizer, bosId: 0, eosId: 0 });
    const { ids, mask } = encoder.supervised({ kind: 'text', text: 'the cat' });
    expect(decode(ids)).toBe('<|endoftext|>the cat<|endoftext|>');
    expect([...mask]).toEqual([0, ...Array(mask.length - 1).fill(1)]);
  });

  test('what cannot be encoded is refused', () => {
    const messages = [turn('user', 'a'), turn('assistant', 'b')];
    expect(() => plain.supervised({ kind: 'conversation', messages })).toThrow('need a chat template');
    expect(() => plain.prompt({ kind: 'prompt', prompt: messages })).toThrow('need a chat template');
    expect(() => plain.supervised({ kind: 'prompt', prompt: 'a' })).toThrow('found a prompt example');
    expect(() => plain.prompt({ kind: 'text', text: 'a' })).toThrow('found a text example');
  });
});
