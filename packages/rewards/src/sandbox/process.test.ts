import { type ForkOptions, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { findEngine } from './engine.ts';
import { processFlags } from './process.ts';

const main = fileURLToPath(new URL('./child/main.mjs', import.meta.url));

test('code that got out of the interpreter finds nothing to reach', async () => {
  const hostile = new URL('../fixtures/hostile-engine.mjs', import.meta.url);
  const engine = { paths: [fileURLToPath(hostile)], folders: [fileURLToPath(new URL('./', hostile))] };
  const escapes = async (options: ForkOptions) => {
    const stdio: ForkOptions['stdio'] = ['ignore', 'inherit', 'inherit', 'ipc'];
    const child = fork(main, [], { serialization: 'advanced', stdio, ...options });
    child.send({ language: 'python', engine: engine.paths, makeSnapshot: true });
    const [answer] = await once(child, 'message');
    child.kill();
    return /escaped: (.*)/.exec(answer.failed)![1];
  };
  expect(await escapes({ env: {}, execArgv: processFlags(engine) })).toBe('[]');
  // The attempts are real: without the flags they succeed, but for what the process closes by itself.
  expect(await escapes({ env: { KEY: '1' }, execArgv: [] })).toBe(
    JSON.stringify([
      'environment',
      'read a file',
      'list a folder',
      'write a file',
      'start a program',
      'code from a string',
      'eval of a string',
    ]),
  );
});

test('a process whose parent is killed does not go on computing', async () => {
  const engine = findEngine('javascript');
  // A parent that starts one, gives it an endless job and dies.
  const parent = `
    const { fork } = require('node:child_process');
    const child = fork(${JSON.stringify(main)}, [], { env: {}, serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: ${JSON.stringify(processFlags(engine))} });
    child.send({ language: 'javascript', engine: ${JSON.stringify(engine.paths)}, memoryBytes: 2 ** 26, outputBytes: 1024, fileBytes: 0 });
    child.once('message', (answer) => {
      child.send({ program: 'for (;;) {}', stdin: '', timeoutMs: 600000 });
      console.log(JSON.stringify([answer, child.pid]));
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);
    });`;
  const started = spawn(process.execPath, ['-e', parent], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(started.stdout, 'data');
  const [answer, pid] = JSON.parse(String(line));
  expect(answer).toEqual({ ready: true });
  await once(started, 'exit');
  const isAlive = () => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  const end = Date.now() + 30_000;
  while (isAlive() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(isAlive()).toBe(false);
});
