import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { rewards } from '../rewards.ts';
import { inputOutput, judgeIo, Sandbox, sameOutput, unitTestJob, unitTests } from './index.ts';

// One interpreter, so that every job meets what the one before may have left.
const python = new Sandbox({
  language: 'python',
  workers: 1,
  memoryMiB: 96,
  outputKiB: 64,
  filesMiB: 4,
  timeoutMs: 20_000,
});
const javascript = new Sandbox({
  language: 'javascript',
  workers: 1,
  memoryMiB: 64,
  outputKiB: 64,
  timeoutMs: 20_000,
});
afterAll(() => {
  python.close();
  javascript.close();
});
const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');

describe('Python', () => {
  const run = (program: string, more = {}) => python.run({ program, ...more });

  test('runs a program with its input', async () => {
    const program =
      'import sys\nname = input()\nprint("Hello", name)\nprint(len(sys.stdin.read()), file=sys.stderr)';
    expect(await run(program, { stdin: 'Ada\nrest\n' })).toMatchObject({
      status: 'ok',
      stdout: 'Hello Ada\n',
      stderr: '5\n',
    });
    expect(await run('if __name__ == "__main__": print(__name__)')).toMatchObject({ stdout: '__main__\n' });
    expect(
      await run(
        'import asyncio\nasync def f():\n  await asyncio.sleep(0.001)\n  return 4\nprint(asyncio.run(f()))',
      ),
    ).toMatchObject({ stdout: '4\n' });
  });

  test('an error names its type, message and line', async () => {
    const { status, phase, error } = await run('x = 1\nx.y');
    expect([status, phase]).toEqual(['error', 'program']);
    expect(error).toContain("AttributeError: 'int' object has no attribute 'y'");
    expect(error).toContain('"solution.py", line 2');
    expect((await run('def f(:')).error).toContain('SyntaxError');
  });

  test('nothing of a job is left for the next: names, modules, built-ins, files, folder, descriptors, randomness', async () => {
    const spoil = `
import builtins, json, os, random, sys
leftover = 1
json.dumps = None
builtins.len = lambda x: 42
builtins.AssertionError = ValueError
random.seed(5)
sys.path.clear(); sys.modules.clear(); sys.stdout = None; sys.setrecursionlimit(60)
os.environ['LEFT'] = '1'
open('/tmp/left', 'w').write('x'); os.mkdir('/tmp/folder'); open('/tmp/folder/left', 'w').write('x')
os.chdir('/tmp'); os.close(1); os.close(0)
`;
    const look = `
import builtins, json, os, random
print(json.dumps([len([1]), AssertionError is ValueError, 'LEFT' in os.environ, os.listdir('/tmp'), os.getcwd(), 'leftover' in globals(), input()]), random.random())
`;
    const before = await run(look, { stdin: 'in' });
    expect(before.stdout).toContain('[1, false, false, [], "/home/pyodide", false, "in"]');
    expect(await run(spoil)).toMatchObject({ status: 'ok' });
    expect((await run(look, { stdin: 'in' })).stdout).toBe(before.stdout);
  });

  test.each([
    ['sys.exit in a program with tests', 'import sys\nsys.exit(0)', 'assert True', 'error'],
    ['sys.exit called by the tests', 'import sys\ndef f(): sys.exit(0)', 'f()', 'error'],
    ['os._exit', 'import os\nos._exit(0)', 'assert True', 'crash'],
    [
      'AssertionError replaced',
      'import builtins\nbuiltins.AssertionError = SystemExit',
      'assert False',
      'error',
    ],
    ['built-ins replaced', 'import builtins\nbuiltins.abs = lambda x: 1', 'assert abs(-2) == 1', 'error'],
    [
      'a module replaced',
      'import math\nmath.isclose = lambda *a: True',
      'import math\nassert math.isclose(1, 2)',
      'error',
    ],
    [
      'a test case replaced',
      'import unittest\nunittest.TestCase.assertEqual = lambda *a: None',
      'import unittest\nunittest.TestCase().assertEqual(1, 2)',
      'error',
    ],
    ['tests overwritten', 'def check(f): pass\nf = None', 'def check(f): assert f\ncheck(f)', 'error'],
    ['a trace function that jumps', 'import sys\nsys.settrace(lambda *a: None)', 'assert True', 'error'],
    ['an honest solution', 'def f(): return 3', 'assert f() == 3', 'ok'],
  ])('%s is judged rightly', async (_, program, tests, status) => {
    expect(await run(program, { tests })).toMatchObject({ status });
  });

  test.each([
    ['an endless loop', 'while True: pass', 'timeout'],
    ['a loop inside C', 'sum(range(10**12))', 'timeout'],
    ['sleep', 'import time\ntime.sleep(100)', 'timeout'],
    ['a memory bomb', 'x = []\nwhile True: x.append([0] * 10**6)', 'memory'],
    ['one large object', 'x = bytearray(10**9)', 'memory'],
    ['an output flood', 'while True: print("x" * 1000)', 'output'],
    [
      'an output flood that catches its error',
      'try:\n  while True: print("x" * 1000)\nexcept OSError: pass',
      'output',
    ],
    ['a full disk', 'open("/tmp/x", "wb").write(b"x" * 10**7)', 'error'],
    ['endless recursion', 'def f(): return f()\nf()', 'error'],
    ['fork', 'import os\nos.fork()', 'error'],
    ['a subprocess', 'import subprocess\nsubprocess.run(["ls"])', 'error'],
    ['a thread', 'import threading\nthreading.Thread(target=print).start()', 'error'],
    ['a connection', 'import socket\nsocket.create_connection(("127.0.0.1", 9), timeout=1)', 'error'],
    [
      'a download',
      'import urllib.request\nurllib.request.urlopen("http://127.0.0.1:9/", timeout=1)',
      'error',
    ],
    ['a file of the host', 'open("/etc/passwd").read()', 'error'],
    ['the host through js', 'import js\nprint(js.process)', 'error'],
    ['the host through pyodide', 'from pyodide.code import run_js\nrun_js("process.env")', 'error'],
    [
      'a change to the standard library',
      'f = open("/lib/python314.zip", "r+b", buffering=0)\nf.write(b"x")',
      'error',
    ],
  ])('%s is contained, and the next job is unaffected', async (_, program, status) => {
    const result = await run(program, { timeoutMs: status === 'timeout' ? 300 : 20_000 });
    expect(result.status, result.error).toBe(status);
    expect(await run('print(sum(range(10)))')).toMatchObject({ status: 'ok', stdout: '45\n' });
  });

  test('a program that hunts the host through every object finds no way out', async () => {
    const hunt = `
import gc, os
found = []
for each in gc.get_objects():
    if type(each).__name__.startswith('JsProxy') or 'pyodide' in type(each).__module__:
        for attempt in ('constructor', 'process', 'require', '_module', 'FS'):
            try:
                value = getattr(each, attempt)
                if attempt == 'constructor':
                    value.constructor('return process')()
                    found.append('code from a string')
                if attempt == 'FS':
                    value.filesystems.NODEFS.createNode(None, '/', 16895, 0)
                    found.append(str(value.mount(value.filesystems.NODEFS, {'root': '/'}, '/mnt')))
            except BaseException as error:
                pass
print(found, os.system('id'), sorted(set(os.environ) - {'USER', 'LOGNAME', 'PATH', 'PWD', 'HOME', 'LANG', '_', 'PYTHONHASHSEED', 'PYTHONINSPECT', 'LD_LIBRARY_PATH'}), os.environ['_'])
`;
    const { status, stdout, error } = await run(hunt);
    expect(status, error).toBe('ok');
    expect(stdout).toBe('[] 32512 [] python\n');
  });

  test('problems of HumanEval', async () => {
    for (const line of fixture('human-eval.jsonl').trim().split('\n')) {
      const problem = JSON.parse(line);
      expect(await python.run(unitTestJob(problem.canonical_solution, problem))).toMatchObject({
        status: 'ok',
      });
      expect(await python.run(unitTestJob('    pass\n', problem))).toMatchObject({
        status: 'error',
        phase: 'tests',
      });
    }
  });

  test('rewards by unit tests and by outputs', async () => {
    const row = { test: 'def check(f):\n  assert f(2) == 4', entry_point: 'square' };
    const reward = unitTests({ sandbox: python });
    expect(await reward('So:\n```python\ndef square(x):\n  return x * x\n```\nDone.', row)).toBe(1);
    expect(await reward('```python\ndef square(x):\n  return x + x + 1\n```', row)).toBe(0);
    expect(await reward('I do not know.', row)).toBe(0);
    await expect(reward('x', { test: null })).rejects.toThrow('column test must hold');

    const cases = { inputs: ['1 2\n', '3 4\n', '5 5'], outputs: ['3\n', '7', '10\n\n'] };
    const sum = 'print(sum(map(int, input().split())))';
    expect(await inputOutput({ sandbox: python })(sum, { cases })).toBe(1);
    const lucky = 'a, b = map(int, input().split())\nprint(3 if a == 1 else b * 2)';
    expect(await inputOutput({ sandbox: python })(lucky, { cases })).toBe(0);
    expect(await inputOutput({ sandbox: python, partial: true })(lucky, { cases })).toBeCloseTo(2 / 3);
    await expect(inputOutput({ sandbox: python })(sum, { cases: [] })).rejects.toThrow(
      'column cases must hold a list of { input, output } texts, found []',
    );
    const verdict = await judgeIo(python, lucky, [{ input: '3 4', output: '7' }]);
    expect(verdict).toEqual({
      passed: 0,
      total: 1,
      firstFailure: { index: 0, status: 'wrong', detail: 'printed "8\\n"' },
    });
  });
});

test('rewards by name make a sandbox of their own when they are first needed', async () => {
  const reward = rewards['unit-tests']({ language: 'javascript', workers: 1, timeoutMs: 20_000 });
  const row = { test: "require('assert').equal(twice(2), 4)" };
  expect(await reward('```js\nconst twice = (x) => 2 * x;\n```', row)).toBe(1);
  expect(await reward('```js\nconst twice = (x) => 3 * x;\n```', row)).toBe(0);
  const output = rewards['input-output']({ language: 'javascript', workers: 1, timeoutMs: 20_000 });
  const cases = JSON.stringify([{ input: '2', output: '4' }]);
  expect(await output('print(2 * readline())', { cases })).toBe(1);
});

describe('JavaScript', () => {
  const run = (program: string, more = {}) => javascript.run({ program, ...more });

  test('runs a program with its input', async () => {
    const program = `const [a, b] = require('fs').readFileSync(0, 'utf8').trim().split(' ').map(Number);
      console.log(a + b, [1, 'x'], { a: [null] }); console.error('e'); print(readline());`;
    expect(await run(program, { stdin: '1 2' })).toMatchObject({
      status: 'ok',
      stdout: "3 [ 1, 'x' ] { a: [ null ] }\n1 2\n",
      stderr: 'e\n',
    });
  });

  test.each([
    ['honest', 'const f = (x) => x * 2', "require('assert').strictEqual(f(2), 4)", 'ok'],
    ['wrong', 'const f = (x) => x + 3', 'console.assert(f(2) === 4)', 'error'],
    [
      'a promise that is kept',
      'const f = async () => 3',
      "f().then((x) => require('assert').equal(x, 3))",
      'ok',
    ],
    [
      'a promise that is broken',
      'const f = async () => 4',
      "f().then((x) => require('assert').equal(x, 3))",
      'error',
    ],
    ['a promise that never settles', '', 'new Promise(() => {})', 'error'],
    ['an assertion replaced', "require('assert').equal = () => {}", "require('assert').equal(1, 2)", 'error'],
    ['the console replaced', 'globalThis.console = { assert() {} }', 'console.assert(false)', 'error'],
    ['the console shadowed', 'const console = { assert() {} }', 'console.assert(false)', 'error'],
    ['require shadowed', 'let require = () => () => {}', "require('assert')(false)", 'error'],
    [
      'JSON replaced',
      "JSON.stringify = () => 'x'",
      "require('assert').equal(JSON.stringify([1]), '[2]')",
      'error',
    ],
    ['comparison replaced', 'Object.is = () => true', "require('assert').strictEqual(1, 2)", 'error'],
    [
      'something fixed',
      "Object.defineProperty(JSON, 'stringify', { value: () => 'x', configurable: false })",
      '',
      'error',
    ],
    [
      'a method of its own',
      'Array.prototype.last = function () { return this.at(-1); }',
      "require('assert').equal([1, 2].last(), 2)",
      'ok',
    ],
    [
      'deep equality',
      'const f = () => ({ a: [1, { b: 2 }] })',
      "require('node:assert').deepStrictEqual(f(), { a: [1, { b: 2 }] })",
      'ok',
    ],
  ])('%s', async (_, program, tests, status) => {
    expect(await run(program, { tests })).toMatchObject({ status });
  });

  test.each([
    ['an endless loop', 'for (;;) {}', 'timeout'],
    ['a memory bomb', 'const x = []; for (;;) x.push(new Array(1e5).fill(0))', 'memory'],
    ['an output flood', 'for (;;) console.log("x".repeat(1000))', 'output'],
    ['endless recursion', 'const f = () => f() + 1; f()', 'error'],
    ['the host', 'process.exit()', 'error'],
    ['a file of the host', "require('fs').readFileSync('/etc/passwd')", 'error'],
    ['a module of the host', "require('child_process')", 'error'],
    ['an import', "import('node:fs')", 'error'],
    ['a catastrophic pattern', "/^(a+)+$/.test('a'.repeat(40) + 'b')", 'timeout'],
  ])('%s is contained, and the next job is unaffected', async (_, program, status) => {
    const result = await run(program, { timeoutMs: status === 'timeout' ? 300 : 20_000 });
    expect(result.status, result.error).toBe(status);
    expect(await run('globalThis.left ??= 0; left++; print(left, typeof __stdout)')).toMatchObject({
      status: 'ok',
      stdout: '1 undefined\n',
    });
  });
});

test('an answer that came in time counts, however late it is read', async () => {
  const answer = javascript.run({ program: 'print(1)', timeoutMs: 400 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  const end = Date.now() + 900;
  while (Date.now() < end); // this thread computes
  expect(await answer).toMatchObject({ status: 'ok', stdout: '1\n' });
});

test('outputs are compared without the white space at ends, numbers within a tolerance', () => {
  expect(sameOutput('a b \nc\n\n', 'a b\nc')).toBe(true);
  expect(sameOutput('a  b', 'a b')).toBe(false);
  expect(sameOutput('a\nb', 'a b')).toBe(false);
  expect(sameOutput('x 0.3333', 'x 0.33333333', 1e-3)).toBe(true);
  expect(sameOutput('x 0.34', 'x 0.33333333', 1e-3)).toBe(false);
  expect(sameOutput('nan', '1', 1e-3)).toBe(false);
});

test('limits must make sense; a closed sandbox says so', async () => {
  expect(() => new Sandbox({ language: 'python', timeoutMs: 0 })).toThrow(
    'timeoutMs must be above 0, found 0',
  );
  expect(() => new Sandbox({ language: 'python', memoryMiB: 16 })).toThrow(
    'memoryMiB of at least 48, found 16',
  );
  const closed = new Sandbox({ language: 'javascript' });
  closed.close();
  await expect(closed.run({ program: '' })).rejects.toThrow('sandbox: it is closed');
});

test('the README shows examples/run-code.ts, which runs, and what it prints', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(readFileSync(new URL('../../examples/run-code.ts', import.meta.url), 'utf8'));
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('../../examples/run-code.ts');
  const printed = log.mock.calls.map(([line]) => line.trimEnd()).join('\n');
  log.mockRestore();
  expect(readme).toContain(`\`\`\`\n${printed}\n\`\`\`\n`);
});
