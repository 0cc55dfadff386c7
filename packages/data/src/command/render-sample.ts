import type { Example, Message, Prompt, ToolDefinition } from '../example.ts';
import type { ChatTemplate } from '../text/chat-template.ts';

/** A piece of an example as a model sees it. */
export interface SamplePart {
  text: string;
  /** Whether the model learns to produce it. */
  target: boolean;
}

/** An example as a model sees it, and under which name. */
export interface RenderedSample {
  /** Empty, or what tells several of one example apart: `chosen`, `rejected`, `answer 1 (score 3)`. */
  title: string;
  parts: SamplePart[];
}

/** Renders an example through a chat template, or without one as prompt and answer. */
export function renderSample(example: Example, template: ChatTemplate | undefined): RenderedSample[] {
  const answer = (prompt: Prompt, completion: string, title = ''): RenderedSample => ({
    title,
    parts: template
      ? masked(template, [...turns(prompt), { role: 'assistant', content: completion }], true)
      : [
          { text: `${promptText(prompt)}\n`, target: false },
          { text: completion, target: true },
        ],
  });
  switch (example.kind) {
    case 'text':
      return [{ title: '', parts: [{ text: example.text, target: true }] }];
    case 'conversation':
      if (!template) return [{ title: '', parts: example.messages.map(plainTurn) }];
      return [{ title: '', parts: masked(template, example.messages, false, example.tools) }];
    case 'completion':
      return [answer(example.prompt, example.completion)];
    case 'unpaired':
      return [answer(example.prompt, example.completion, example.label ? 'desirable' : 'not desirable')];
    case 'preference': {
      const margin = example.margin === undefined ? '' : ` (by ${example.margin})`;
      return [
        answer(example.prompt, example.chosen, `chosen${margin}`),
        answer(example.prompt, example.rejected, 'rejected'),
      ];
    }
    case 'listwise':
      return example.completions.map((completion, i) =>
        answer(example.prompt, completion, `answer ${i + 1} (score ${example.scores[i]})`),
      );
    case 'stepwise': {
      const steps = example.completions.map((step, i) => {
        const label = example.labels[i]!;
        return `${typeof label === 'number' ? label : label ? '✓' : '✗'} ${step}`;
      });
      return [answer(example.prompt, steps.join('\n'))];
    }
    case 'contrastive':
      return [
        { title: 'query', parts: [{ text: example.query, target: false }] },
        { title: 'positive', parts: [{ text: example.positive, target: false }] },
      ];
    case 'prompt': {
      const text = template
        ? template.render(turns(example.prompt), { addGenerationPrompt: true })
        : promptText(example.prompt);
      return [{ title: 'prompt', parts: [{ text, target: false }] }];
    }
  }
}

function masked(
  template: ChatTemplate,
  messages: Message[],
  lastOnly: boolean,
  tools?: ToolDefinition[],
): SamplePart[] {
  const { text, assistant } = template.renderMasked(messages, { tools });
  const parts: SamplePart[] = [];
  let at = 0;
  for (const [start, end] of lastOnly ? assistant.slice(-1) : assistant) {
    parts.push(
      { text: text.slice(at, start), target: false },
      { text: text.slice(start, end), target: true },
    );
    at = end;
  }
  parts.push({ text: text.slice(at), target: false });
  return parts.filter((part) => part.text !== '');
}

const turns = (prompt: Prompt): Message[] =>
  typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : prompt;

const promptText = (prompt: Prompt): string =>
  typeof prompt === 'string' ? prompt : prompt.map((turn) => plainTurn(turn).text).join('');

const plainTurn = ({ role, content }: Message): SamplePart => ({
  text: `${role}: ${content}\n`,
  target: role === 'assistant',
});
