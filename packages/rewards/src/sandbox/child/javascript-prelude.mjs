/**
 * What programs written for Node.js expect most: `console`, `print`, `readline`, and of `require` the modules `fs` (only
 * to read the standard input) and `assert`. Names of ours are gone when the program starts.
 *
 * Its value is a function that remembers what the language and these names bring, and gives a second one. That is called
 * between a program and its tests with the `console` and `require` that tests would see: it puts everything back, and says
 * whether it could.
 */
export const PRELUDE = `(() => {
  const { ownKeys, getOwnPropertyDescriptor, defineProperty } = Reflect;
  const { is, keys: keysOf, hasOwn } = Object;
  const { isArray } = Array;
  const { __stdout: out, __stderr: err, __stdin: input } = globalThis;
  delete globalThis.__stdout; delete globalThis.__stderr; delete globalThis.__stdin;
  const { stringify } = JSON;
  const inspect = (value, depth = 0) => {
    if (typeof value === 'string') return depth ? "'" + value + "'" : value;
    if (typeof value === 'bigint') return value + 'n';
    if (typeof value === 'function') return '[Function: ' + (value.name || '(anonymous)') + ']';
    if (is(value, -0)) return '-0';
    if (typeof value !== 'object' || value === null) return String(value);
    if (value instanceof Error) return String(value.stack ? value + '\\n' + value.stack : value);
    if (depth > 3) return isArray(value) ? '[Array]' : '[Object]';
    const nested = (each) => inspect(each, depth + 1);
    if (isArray(value)) return value.length ? '[ ' + value.map(nested).join(', ') + ' ]' : '[]';
    if (value instanceof Map) return 'Map(' + value.size + ') { ' + [...value].map(([k, v]) => nested(k) + ' => ' + nested(v)).join(', ') + ' }';
    if (value instanceof Set) return 'Set(' + value.size + ') { ' + [...value].map(nested).join(', ') + ' }';
    const entries = Object.entries(value).map(([k, v]) => (/^[A-Za-z_$][\\w$]*$/.test(k) ? k : stringify(k)) + ': ' + nested(v));
    return entries.length ? '{ ' + entries.join(', ') + ' }' : '{}';
  };
  const line = (write) => (...values) => write(values.map((value) => inspect(value)).join(' ') + '\\n');
  const fail = (message) => { throw new Error(message); };
  globalThis.print = line(out);
  globalThis.console = {
    log: line(out), info: line(out), debug: line(out), warn: line(err), error: line(err),
    // Unlike in Node.js a failed assertion ends the program: tests are written with it.
    assert: (ok, ...message) => { if (!ok) fail('Assertion failed' + (message.length ? ': ' + message.map((m) => inspect(m)).join(' ') : '')); },
  };
  let at = 0;
  globalThis.readline = () => {
    if (at >= input.length) return null;
    const end = input.indexOf('\\n', at);
    const text = input.slice(at, end < 0 ? undefined : end);
    at = end < 0 ? input.length : end + 1;
    return text;
  };
  const deepEqual = (a, b) => {
    if (is(a, b) || (a === 0 && b === 0)) return true;
    if (typeof a !== 'object' || typeof b !== 'object' || !a || !b || isArray(a) !== isArray(b)) return false;
    if (a instanceof Map || a instanceof Set) return a.constructor === b.constructor && deepEqual([...a], [...b]);
    const keys = keysOf(a);
    return keys.length === keysOf(b).length && keys.every((key) => hasOwn(b, key) && deepEqual(a[key], b[key]));
  };
  const check = (ok, message, shown) => ok || fail('AssertionError: ' + (message ?? shown));
  const assert = Object.assign((ok, message) => check(ok, message, 'the value is falsy'), {
    ok: (ok, message) => check(ok, message, 'the value is falsy'),
    equal: (a, b, message) => check(a == b, message, inspect(a) + ' != ' + inspect(b)),
    strictEqual: (a, b, message) => check(is(a, b), message, inspect(a) + ' !== ' + inspect(b)),
    notStrictEqual: (a, b, message) => check(!is(a, b), message, inspect(a) + ' === ' + inspect(b)),
    deepEqual: (a, b, message) => check(deepEqual(a, b), message, inspect(a) + ' != ' + inspect(b)),
    deepStrictEqual: (a, b, message) => check(deepEqual(a, b), message, inspect(a) + ' != ' + inspect(b)),
    throws: (f, _expected, message) => {
      try { f(); } catch { return; }
      fail('AssertionError: ' + (message ?? 'nothing was thrown'));
    },
  });
  assert.strict = assert;
  const readFileSync = (path) => path === 0 || path === '/dev/stdin' ? input : fail("the sandbox has no file '" + path + "'");
  const modules = { fs: { readFileSync }, assert };
  globalThis.require = (name) => modules[String(name).replace(/^node:/, '')] ?? fail("the sandbox has no module '" + name + "'");

  const { console, require } = globalThis;
  const known = [];
  const seen = new Set();
  const learn = (object) => {
    if ((typeof object !== 'object' && typeof object !== 'function') || object === null || seen.has(object)) return;
    seen.add(object);
    for (const key of ownKeys(object)) {
      const descriptor = getOwnPropertyDescriptor(object, key);
      known.push(object, key, descriptor);
      learn(descriptor.value);
      learn(descriptor.get);
      learn(descriptor.set);
    }
  };
  return () => {
    learn(globalThis);
    learn(modules);
    return restore;
  };
  function restore(seenConsole, seenRequire) {
    for (let i = 0; i < known.length; i += 3) {
      const object = known[i];
      const key = known[i + 1];
      const old = known[i + 2];
      const now = getOwnPropertyDescriptor(object, key);
      if (now && is(now.value, old.value) && now.get === old.get && now.set === old.set) continue;
      if (!defineProperty(object, key, old)) return false;
    }
    return is(seenConsole, console) && is(seenRequire, require);
  }
})()`;
