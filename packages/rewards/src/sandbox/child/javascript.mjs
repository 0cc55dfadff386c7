/** JavaScript: QuickJS as WebAssembly. Every program gets a runtime of its own, which takes about a millisecond. */
import { pathToFileURL } from 'node:url';
import { limitMemory } from './harden.mjs';
import { PRELUDE } from './javascript-prelude.mjs';
import { Output } from './output.mjs';

const STACK_BYTES = 256 * 1024;

/** @param {import('./main.mjs').Boot} boot */
export async function create({ engine, memoryBytes, outputBytes }) {
  const [variant, core] = await Promise.all(engine.map((path) => import(pathToFileURL(path).href)));
  const quickjs = await core.newQuickJSWASMModuleFromVariant(variant.default.default ?? variant.default);
  // The runtime's own limit is what a program meets; this one is behind it.
  limitMemory(memoryBytes + 64 * 2 ** 20);
  return new JavaScript(quickjs, memoryBytes, outputBytes);
}

class JavaScript {
  /** @param {import('quickjs-emscripten-core').QuickJSWASMModule} quickjs @param {number} memoryBytes @param {number} outputBytes */
  constructor(quickjs, memoryBytes, outputBytes) {
    this.quickjs = quickjs;
    this.memoryBytes = memoryBytes;
    this.output = new Output(outputBytes);
  }

  /** @param {import('./main.mjs').Job} job @returns {import('./main.mjs').Answer} */
  run({ program, tests, stdin, timeoutMs }) {
    this.output.reset();
    const end = Date.now() + timeoutMs;
    let late = false;
    let crashed = false;
    /** @type {'program' | 'tests'} */
    let phase = 'program';
    /** @type {string | undefined} */
    let error;
    try {
      const runtime = this.quickjs.newRuntime();
      runtime.setMemoryLimit(this.memoryBytes);
      runtime.setMaxStackSize(STACK_BYTES);
      runtime.setInterruptHandler(() => {
        late ||= Date.now() > end;
        return late || this.output.overflow;
      });
      const context = runtime.newContext();
      const restore = this.addHost(context, stdin, tests !== undefined);
      error = this.execute(context, program, 'solution.js');
      if (error === undefined && tests !== undefined) {
        phase = 'tests';
        error =
          this.restore(context, /** @type {NonNullable<typeof restore>} */ (restore)) ??
          this.execute(context, tests, 'tests.js');
      }
      restore?.dispose();
      context.dispose();
      runtime.dispose();
    } catch (fatal) {
      crashed = true;
      error ??= `the interpreter stopped: ${String(fatal).slice(0, 200)}`;
    }
    const texts = { stdout: this.output.text('stdout'), stderr: this.output.text('stderr'), stale: crashed };
    if (this.output.overflow) return { status: 'output', phase, error: 'too much output', ...texts };
    if (late) return { status: 'timeout', phase, error: 'time is up', ...texts };
    if (error === undefined) return { status: 'ok', ...texts };
    if (error.includes('out of memory')) return { status: 'memory', phase, error, ...texts };
    return { status: crashed ? 'crash' : 'error', phase, error, ...texts };
  }

  /**
   * What the program did to built-in functions must not decide what its tests say.
   * @param {import('quickjs-emscripten-core').QuickJSContext} context
   * @param {import('quickjs-emscripten-core').QuickJSHandle} restore as `addHost` gives it
   * @returns an error when something could not be put back
   */
  restore(context, restore) {
    // As the tests would see them: the program may have names of its own in front.
    const visible = context.evalCode('[console, require]', 'restore.js');
    if (visible.error) return describe(context, visible.error);
    const parts = [0, 1].map((i) => context.getProp(visible.value, i));
    const result = context.callFunction(restore, context.undefined, ...parts);
    for (const handle of [visible.value, ...parts]) handle.dispose();
    if (result.error) return describe(context, result.error);
    const done = context.dump(result.value) === true;
    result.value.dispose();
    return done ? undefined : 'Error: the program replaced what its tests need';
  }

  /**
   * The little that a program sees of a host.
   * @param {import('quickjs-emscripten-core').QuickJSContext} context
   * @param {string} stdin
   * @param {boolean} forTests whether tests will follow
   * @returns the function that puts built-in functions back before the tests
   */
  addHost(context, stdin, forTests) {
    for (const stream of /** @type {const} */ (['stdout', 'stderr'])) {
      const write = context.newFunction(`__${stream}`, (text) => {
        // Past the limit the program is interrupted.
        this.output.write(stream, new TextEncoder().encode(context.getString(text)));
        return context.undefined;
      });
      context.setProp(context.global, `__${stream}`, write);
      write.dispose();
    }
    const input = context.newString(stdin);
    context.setProp(context.global, '__stdin', input);
    input.dispose();
    const prepare = context.unwrapResult(context.evalCode(PRELUDE, 'prelude.js'));
    const restore = forTests
      ? context.unwrapResult(context.callFunction(prepare, context.undefined))
      : undefined;
    prepare.dispose();
    return restore;
  }

  /**
   * Runs a source and what it leaves to do later.
   * @param {import('quickjs-emscripten-core').QuickJSContext} context @param {string} source @param {string} name
   * @returns its error, if any
   */
  execute(context, source, name) {
    const result = context.evalCode(source, name);
    if (result.error) return describe(context, result.error);
    const pending = context.runtime.executePendingJobs();
    if (pending.error) return describe(context, pending.error);
    const state = context.getPromiseState(result.value);
    const error =
      state.type === 'rejected'
        ? describe(context, state.error)
        : state.type === 'pending'
          ? 'Error: the last expression is a promise that never settles'
          : undefined;
    if (state.type === 'fulfilled' && !state.notAPromise) state.value.dispose();
    result.value.dispose();
    return error;
  }

  /** Every program has a runtime of its own. */
  reset() {}
}

/**
 * @param {import('quickjs-emscripten-core').QuickJSContext} context
 * @param {import('quickjs-emscripten-core').QuickJSHandle} handle disposed
 */
function describe(context, handle) {
  const value = context.dump(handle);
  handle.dispose();
  if (typeof value !== 'object' || value === null) return `uncaught ${String(value)}`.slice(0, 4000);
  const { name = 'Error', message = '', stack = '' } = value;
  return `${name}: ${message}\n${stack}`.slice(0, 4000);
}
