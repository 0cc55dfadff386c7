import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonl, metricsOf, type Outcome, recipe, sums, train, trainWell, workspace } from './attune.ts';

const pairs = sums.map(({ prompt, completion, answer }, i) => ({
  prompt,
  chosen: completion,
  // Every fourth pair has equal sides.
  rejected: i % 4 === 0 ? completion : `${Number(answer) + 1}`,
}));
const at = workspace({
  'data.jsonl': jsonl(sums),
  'pairs.jsonl': jsonl(pairs),
  'equal.jsonl': jsonl(
    sums.map(({ prompt, completion }) => ({ prompt, chosen: completion, rejected: completion })),
  ),
  'empty.jsonl': jsonl(sums.map((row, i) => (i % 3 === 0 ? { ...row, completion: '' } : row))),
  'long.jsonl': jsonl(sums.map((row, i) => (i < 5 ? { ...row, prompt: '1+'.repeat(60) } : row))),
  'judged.jsonl': jsonl(
    sums.map(({ prompt, completion }, i) => ({ prompt, completion, label: i % 2 === 0 })),
  ),
  'same-prompt.jsonl': jsonl(
    sums.map(({ completion }, i) => ({ prompt: '1=', completion, label: i % 2 === 0 })),
  ),
  'unanswered.jsonl': jsonl(
    sums.map(({ answer: _, ...row }, i) => (i % 2 === 0 ? row : { ...row, answer: '3' })),
  ),
  'recipe.yaml': recipe(),
  'rl.yaml': recipe(`
algorithm: grpo
rewards: [{ name: format, pattern: '[0-9]' }]
rollout: { prompts: 4, answers: 4, maxTokens: 12 }
`)
    .replace('schedule: { steps: 6 }', 'schedule: { steps: 2 }')
    .replace('batch: { size: 8 }', 'batch: { size: 16 }'),
  // Rewards with a number that is none for the first answer of each conversation.
  'rotten.mjs':
    'export default (_row, { sample }) => ({ step: () => ({ done: true, reward: sample === 0 ? NaN : sample }) });',
  'choosy.mjs':
    'export default (row) => { if (row.answer.length === 1) throw new Error("too short"); return { step: () => ({ done: true, reward: 1 }) }; };',
  'broken.mjs': 'export default () => ({ step() { throw new Error("no luck"); } });',
});
const base = (file: string, name: string, ...words: string[]) => [at(file), '--output', at(name), ...words];
const HELD_OUT = `data.validation.path=${at('equal.jsonl')}`;
const refusal = (file: string, ...words: string[]) => {
  const { code, stderr } = train(base(file, `refused-${Math.random()}`, '--quiet', ...words));
  expect(code).toBe(1);
  expect(stderr.split('\n')).toHaveLength(2);
  return stderr;
};

describe('bad samples are left out and counted', () => {
  it('pairs with equal sides', () => {
    const { stderr } = trainWell(
      base('recipe.yaml', 'pairs', 'algorithm=dpo', `data.train.path=${at('pairs.jsonl')}`),
    );
    expect(stderr).toContain(
      '6 of 24 examples have chosen and rejected answers that are the same and were left out',
    );
    expect(refusal('recipe.yaml', 'algorithm=dpo', `data.train.path=${at('equal.jsonl')}`)).toMatch(
      /no training example is left/,
    );
  });

  it('and the run remembers it, though it was told to be quiet', () => {
    const words = ['algorithm=dpo', `data.train.path=${at('pairs.jsonl')}`];
    expect(trainWell(base('recipe.yaml', 'quiet', '--quiet', ...words)).stderr).toBe('');
    const told = '6 of 24 examples have chosen and rejected answers that are the same and were left out';
    trainWell(base('recipe.yaml', 'quiet', '--quiet', '--resume', ...words));
    const lines = readFileSync(at('quiet/notices.txt'), 'utf8').split('\n');
    expect(lines.filter((line) => line === told)).toHaveLength(1);
    expect(readFileSync(at('quiet/report.html'), 'utf8')).toContain(`<li>${told}</li>`);
  });

  it('held-out ones too', () => {
    const { stderr } = trainWell(
      base('recipe.yaml', 'held-out', 'algorithm=dpo', `data.train.path=${at('pairs.jsonl')}`, HELD_OUT),
    );
    expect(stderr).toContain(
      'held out: 24 of 24 examples have chosen and rejected answers that are the same and were left out',
    );
  });

  it('empty answers, when asked to', () => {
    const empty = `data.train.path=${at('empty.jsonl')}`;
    expect(refusal('recipe.yaml', empty)).toContain(
      'empty.jsonl row 1: completion must be a non-empty string, found ""; leave such rows out with data.invalid=skip',
    );
    const { stderr } = trainWell(base('recipe.yaml', 'empty', empty, 'data.invalid=skip'));
    expect(stderr).toContain('left out 8 rows that do not fit, first empty.jsonl row 1');
  });

  it('prompts longer than the context', () => {
    const { stderr } = trainWell(base('rl.yaml', 'long', `data.train.path=${at('long.jsonl')}`));
    expect(stderr).toContain('5 of 24 prompts fill the context of 63 tokens and were left out');
    const offline = trainWell(base('recipe.yaml', 'long-sft', `data.train.path=${at('long.jsonl')}`));
    expect(offline.stderr).toContain('5 of 24 examples have no answer within 64 tokens and were left out');
  });

  it('a verifier that throws on some rows', () => {
    const words = ['rewards=[{name: exact-match}]', `data.train.path=${at('unanswered.jsonl')}`];
    trainWell(base('rl.yaml', 'throws', '--quiet', ...words));
    const [line] = metricsOf(at('throws'));
    expect(line!['reward/failed']).toBeGreaterThan(0);
    expect(line!['rollout/left-out']).toBe(line!['reward/failed']);
  });

  it('all answers to one prompt, though a rollout has no other; the end says how many', () => {
    const words = [
      'rewards=[{name: exact-match}]',
      `data.train.path=${at('unanswered.jsonl')}`,
      'rollout.prompts=1',
      'batch.size=4',
      'schedule.steps=8',
    ];
    const { stderr } = trainWell(base('rl.yaml', 'one-prompt', ...words));
    const lines = metricsOf(at('one-prompt'));
    const failed = lines.flatMap((line) => line['reward/failed'] ?? []);
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.every((count) => count === 4)).toBe(true);
    expect(stderr).toContain(
      `in all ${4 * failed.length} answers could not be scored and were not learned from`,
    );
    expect(stderr).toContain(`in all ${failed.length} of 8 steps had nothing to learn from and were skipped`);
    const sums = lines.flatMap((line) => line['reward/failed/in-all'] ?? []);
    expect(sums.at(-1)).toBe(4 * failed.length);
  });

  it('rounds whose answers are all equal', () => {
    const words = ['algorithm=online-dpo', "rewards=[{name: format, pattern: 'zzz'}]"];
    const { stderr } = trainWell(base('rl.yaml', 'ties', ...words));
    expect(stderr).toContain('step 2/2  skipped');
    expect(stderr).toContain('in all 2 of 2 steps had nothing to learn from and were skipped');
  });

  it('an environment that cannot be made for some rows', () => {
    const words = [`rollout.environment=${at('choosy.mjs')}`, 'schedule.steps=4'];
    const { stderr } = trainWell(base('rl.yaml', 'choosy', ...words));
    expect(stderr).toContain('the environment failed in an answer (threw): too short');
    expect(stderr).toMatch(/in all \d+ answers could not be scored and were not learned from/);
  });

  it('a reward that is no number', () => {
    const words = [`rollout.environment=${at('rotten.mjs')}`];
    trainWell(base('rl.yaml', 'rotten', '--quiet', ...words));
    const [line] = metricsOf(at('rotten'));
    expect(line!['reward/failed']).toBe(4);
    expect(line!['rollout/left-out']).toBe(4);
    expect(Number.isFinite(line!.loss)).toBe(true);
  });
});

describe('a judge', () => {
  let server: Server;
  let calls = 0;
  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume();
      calls++;
      // Rubbish, an answer, nothing at all.
      if (calls % 5 === 0) return;
      const content = calls % 2 === 0 ? 'I could not say.' : 'Fine. [[7]]';
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ choices: [{ message: { role: 'assistant', content } }] }));
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
  });
  afterAll(() => server.closeAllConnections());
  afterAll(() => server.close());

  it('that times out or returns rubbish costs those answers alone', async () => {
    const { port } = server.address() as AddressInfo;
    const judge = `rewards=[{name: judge, baseUrl: 'http://127.0.0.1:${port}/v1', model: m, timeoutMs: 200, retries: 0}]`;
    const outcome = await trainBeside(base('rl.yaml', 'judge', '--quiet', judge, 'schedule.steps=1'));
    expect(outcome.stderr).toBe('');
    const [line] = metricsOf(at('judge'));
    expect(line!['reward/failed']).toBeGreaterThan(0);
    expect(line!['reward/failed']).toBeLessThan(16);
    expect(line!['rollout/left-out']).toBe(line!['reward/failed']);
  });
});

describe('a judge that compares', () => {
  // Answers well, with rubbish, or not at all.
  const judging = async (answer: (call: number) => string | undefined) => {
    let calls = 0;
    const server = createServer((request, response) => {
      request.resume();
      const content = answer(++calls);
      if (content === undefined) return;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ choices: [{ message: { role: 'assistant', content } }] }));
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const { port } = server.address() as AddressInfo;
    const spec = `rewards=[{name: judge, kind: pairwise, baseUrl: 'http://127.0.0.1:${port}/v1', model: m, timeoutMs: 200, retries: 0}]`;
    return { spec, server };
  };
  const words = (algorithm: string) => [`algorithm=${algorithm}`, 'schedule.steps=1'];
  const sometimes = (call: number) =>
    call % 7 === 0 ? undefined : call % 5 === 0 ? 'Both are fine.' : call % 2 === 0 ? '[[A]]' : '[[B]]';

  it('costs the answers that it could not place, and never guesses', async () => {
    const { spec, server } = await judging(sometimes);
    const online = await trainBeside(
      base('rl.yaml', 'compared', spec, ...words('{name: online-dpo, samples: 4, judge: preferences}')),
    );
    expect(online.code, online.stderr).toBe(0);
    const [line] = metricsOf(at('compared'));
    expect(line!['round/unjudged']).toBeGreaterThan(0);
    expect(line!['round/unjudged']).toBeLessThan(16);
    expect(online.stderr).toMatch(/reward judge could not score an answer \((unparsable|timeout)\)/);
    expect(online.stderr).toMatch(/in all \d+ answers could not be compared and were not learned from/);

    const nash = await trainBeside(base('rl.yaml', 'nash', spec, ...words('nash-md')));
    expect(nash.code, nash.stderr).toBe(0);
    expect(metricsOf(at('nash'))[0]!['rollout/left-out']).toBeGreaterThan(0);
    server.closeAllConnections();
    server.close();
  });

  it('is an error when it never answers', async () => {
    const { spec, server } = await judging(() => 'I could not say.');
    for (const algorithm of ['{name: online-dpo, judge: preferences}', 'nash-md']) {
      const run = base('rl.yaml', `mute-${algorithm.length}`, '--quiet', spec, ...words(algorithm));
      const { code, stderr } = await trainBeside(run);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^attune: none of \d+ answers could be (compared|scored): judge \((unparsable|timeout)\)/,
      );
    }
    server.closeAllConnections();
    server.close();
  });
});

describe('what cannot work is refused in one line', () => {
  it.each([
    [
      'a group of one',
      'rl.yaml',
      ['rollout.answers=1'],
      /rollout\.answers=1.* do not suit grpo: .*at least 2|>= 2/,
    ],
    [
      'a batch of one for KTO',
      'recipe.yaml',
      ['algorithm=kto', 'batch.size=1', 'DATA judged'],
      /batch\.size must be >= 2, found 1: kto compares/,
    ],
    [
      'one prompt for KTO',
      'recipe.yaml',
      ['algorithm=kto', 'DATA same-prompt'],
      /compares answers with those of other prompts, and all 24 examples have this one/,
    ],
    [
      'an option out of range',
      'rl.yaml',
      ['algorithm.clipLow=2'],
      /algorithm\.clipLow must be <= 1, found 2/,
    ],
    [
      'rewards that all fail',
      'rl.yaml',
      ['rewards=[{name: exact-match, answer: nothing}]'],
      /none of 16 answers could be scored: exact-match \(threw\): 16, e\.g\. .*column nothing/,
    ],
    [
      'a pattern that is none',
      'rl.yaml',
      ["rewards=[{name: format, pattern: '('}]"],
      /rewards\.0 \(format\): Invalid regular expression: .*Unterminated group/,
    ],
    ['an environment that fails always', 'rl.yaml', ['ENV broken'], /none of 16 answers could be scored/],
    ['no rewards', 'recipe.yaml', ['algorithm=grpo'], /grpo learns from rewards; name them/],
    [
      'no teacher',
      'recipe.yaml',
      ['algorithm=distill'],
      /distill learns from a teacher; name its folder with teacher\.path/,
    ],
    ['pairs for a loss of single answers', 'recipe.yaml', ['algorithm=kto', 'DATA pairs'], /row 1/],
    [
      'packing of pairs',
      'recipe.yaml',
      ['algorithm=dpo', 'batch.packing=true', 'DATA pairs'],
      /batch\.packing must be false: dpo wants every sequence/,
    ],
  ] as [string, string, string[], RegExp][])('%s', (_, file, words, message) => {
    const given = words.map((word) =>
      word
        .replace(/^DATA (.*)$/, (_all, name) => `data.train.path=${at(`${name}.jsonl`)}`)
        .replace(/^ENV (.*)$/, (_all, name) => `rollout.environment=${at(`${name}.mjs`)}`),
    );
    expect(refusal(file, ...given)).toMatch(message);
  });
});

/** As `train`, while this process goes on: it is the server. */
function trainBeside(args: string[]): Promise<Outcome> {
  const main = new URL('../../cli/dist/main.js', import.meta.url).pathname;
  const child = spawn(process.execPath, [main, 'train', ...args]);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  return new Promise((resolve) => child.on('exit', (code) => resolve({ code, stdout, stderr })));
}
