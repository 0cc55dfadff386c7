import { Sandbox } from '@attune/rewards/sandbox';

const sandbox = new Sandbox({ language: 'python', timeoutMs: 2000, memoryMiB: 128 });
const tests = 'assert add(2, 2) == 4';
for (const program of [
  'def add(a, b): return a + b',
  'def add(a, b): return a - b',
  'import builtins, sys\nbuiltins.AssertionError = Warning\ndef add(a, b): sys.exit(0)',
  'while True: pass',
  'x = "x" * 10**9',
  'print(open("/etc/passwd").read())',
]) {
  const { status, error } = await sandbox.run({ program, tests });
  console.log(`${status.padEnd(8)}${error?.split('\n')[0] ?? ''}`);
}
sandbox.close();
