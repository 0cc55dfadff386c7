// A client of a running server: attune serve ./model
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: 'http://127.0.0.1:8000/v1', apiKey: 'none' });
const messages = [{ role: 'user' as const, content: 'What is 12 + 30?' }];
for await (const chunk of await client.chat.completions.create({ model: 'model', messages, stream: true })) {
  process.stdout.write(chunk.choices[0]?.delta.content ?? '');
}
