import type { Message } from '../example.ts';

const ROLES = { Human: 'user', Assistant: 'assistant' } as const;

/**
 * Reads a conversation from the transcripts of HH-RLHF: turns that begin with `Human:` or `Assistant:` after a blank
 * line. Turns are trimmed and may be empty; a turn that follows one of the same role is appended to it.
 *
 * @throws when the text does not begin with such a turn
 */
export function parseTranscript(transcript: string): Message[] {
  const turns = `\n\n${transcript.trimStart()}`.split(/\n\n(Human|Assistant):/).slice(1);
  const messages: Message[] = [];
  for (let i = 0; i < turns.length; i += 2) {
    const role = ROLES[turns[i] as keyof typeof ROLES];
    const content = turns[i + 1]!.trim();
    const last = messages.at(-1);
    if (last?.role === role)
      last.content = [last.content, content].filter((part) => part !== '').join('\n\n');
    else messages.push({ role, content });
  }
  if (messages.length === 0)
    throw new Error(`transcript must begin with "Human:", found ${JSON.stringify(transcript.slice(0, 40))}`);
  return messages;
}
