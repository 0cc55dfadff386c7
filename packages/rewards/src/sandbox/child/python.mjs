/**
 * Python: CPython as WebAssembly (Pyodide). One interpreter serves many programs, yet each finds it as new: its whole
 * memory is put back from an image after every program, which takes milliseconds where a new interpreter takes a
 * quarter of a second. Programs run through the C API, so no frame of ours is on their stack to be tampered with.
 */
import { pathToFileURL } from 'node:url';
import { limitMemory } from './harden.mjs';
import { Output } from './output.mjs';
import { guardFiles } from './python-files.mjs';
import { IMPORTS, SEAL } from './python-prelude.mjs';

/** Values of the C API. */
const FILE_INPUT = 257;
/** Bytes by which a memory may have grown and the process still be used: they can only be cleared, not given back. */
const MAX_GROWTH = 64 * 2 ** 20;
const WRITABLE = ['/tmp', '/home/pyodide'];

/** @param {import('./main.mjs').Boot} boot */
export async function create({ engine, snapshot, makeSnapshot, memoryBytes, outputBytes, fileBytes }) {
  const { loadPyodide } = await import(pathToFileURL(/** @type {string} */ (engine[0])).href);
  const env = { HOME: '/home/pyodide', PYTHONHASHSEED: '0' };
  if (makeSnapshot) {
    const pyodide = await loadPyodide({ env, _makeSnapshot: true });
    pyodide.runPython(IMPORTS);
    return { snapshot: pyodide.makeMemorySnapshot() };
  }
  const memory = limitMemory(memoryBytes);
  const pyodide = await loadPyodide({
    env,
    jsglobals: Object.create(null),
    _loadSnapshot: snapshot?.slice(),
  });
  // A message's bytes may lie at any address; the image must be aligned, hence the copy above.
  return new Python(pyodide, memory, outputBytes, fileBytes);
}

class Python {
  /** @param {any} pyodide @param {{ hit: boolean }} memory @param {number} outputBytes @param {number} fileBytes */
  constructor(pyodide, memory, outputBytes, fileBytes) {
    this.memory = memory;
    this.output = new Output(outputBytes);
    this.stdin = new Uint8Array();
    const c = pyodide._module;
    this.c = c;
    pyodide.setStdin({ read: (/** @type {Uint8Array} */ buffer) => this.read(buffer), isatty: false });
    for (const stream of /** @type {const} */ (['stdout', 'stderr'])) {
      const write = (/** @type {Uint8Array} */ chunk) => {
        // More than the limit is an error in the program, and its verdict.
        if (!this.output.write(stream, chunk)) throw new c.FS.ErrnoError(51);
        return chunk.length;
      };
      pyodide[stream === 'stdout' ? 'setStdout' : 'setStderr']({ write, isatty: false });
    }
    pyodide.runPython(SEAL);
    this.resetFiles = guardFiles(c, { writable: WRITABLE, fileBytes });
    // Borrowed and owned references that hold for every program, since its memory is put back.
    this.main = c._PyModule_GetDict(c._PyImport_AddModule(this.text('__main__')));
    this.builtins = c._PyModule_GetDict(c._PyImport_AddModule(this.text('builtins')));
    this.helpers = {
      describe: this.takeHelper('__attune_describe__'),
      restore: this.takeHelper('__attune_restore__'),
      finish: this.takeHelper('__attune_finish__'),
    };
    this.cleanBuiltins = c._PyDict_Copy(this.builtins);
    this.names = { program: this.text('solution.py'), tests: this.text('tests.py') };
    this.stack = c.stackSave();
    this.image = c.HEAPU8.slice();
  }

  /** A function of the prelude, which loses its name. @param {string} name */
  takeHelper(name) {
    const helper = this.c._PyDict_GetItemString(this.builtins, this.text(name));
    this.c._Py_IncRef(helper);
    this.c._PyDict_DelItemString(this.builtins, this.text(name));
    return helper;
  }

  /** A C string, never freed: the memory is put back. @param {string} value */
  text(value) {
    return this.c.stringToNewUTF8(value.replaceAll('\0', '\ufffd'));
  }

  /** @param {string} source @param {number} name C string @returns code object, 0 after an error */
  compile(source, name) {
    return this.c._Py_CompileString(this.text(source), name, FILE_INPUT);
  }

  /** Bytes of the standard input. @param {Uint8Array} buffer */
  read(buffer) {
    const chunk = this.stdin.subarray(0, buffer.length);
    buffer.set(chunk);
    this.stdin = this.stdin.subarray(chunk.length);
    return chunk.length;
  }

  /** @param {import('./main.mjs').Job} job @returns {import('./main.mjs').Answer} */
  run({ program, tests, stdin }) {
    this.output.reset();
    this.memory.hit = false;
    this.stdin = new TextEncoder().encode(stdin);
    /** @type {'program' | 'tests'} */
    let phase = 'program';
    /** @type {string | undefined} */
    let error;
    let crashed = false;
    try {
      error = this.execute(program, phase);
      if (error === undefined && tests !== undefined) {
        phase = 'tests';
        // What the program did to the built-in functions must not decide what its tests say.
        this.restoreBuiltins();
        this.call('restore');
        error = this.execute(tests, phase);
      } else if (tests === undefined && error?.startsWith('SystemExit: 0\n')) error = undefined;
      this.restoreBuiltins();
      this.call('finish');
    } catch (fatal) {
      // The interpreter itself broke down: `os._exit`, exhausted stack, a crash.
      crashed = true;
      error = `the interpreter stopped: ${String(fatal).slice(0, 200)}`;
    }
    const stale = crashed || this.c.HEAPU8.length > this.image.length + MAX_GROWTH;
    const texts = { stdout: this.output.text('stdout'), stderr: this.output.text('stderr'), stale };
    if (this.output.overflow) return { status: 'output', phase, error: 'too much output', ...texts };
    if (error === undefined) return { status: 'ok', ...texts };
    if (this.memory.hit && (crashed || error.startsWith('MemoryError')))
      return { status: 'memory', phase, error, ...texts };
    return { status: crashed ? 'crash' : 'error', phase, error, ...texts };
  }

  /** Runs a source in `__main__`. @param {string} source @param {'program' | 'tests'} name @returns its error, if any */
  execute(source, name) {
    const { c } = this;
    const code = this.compile(source, this.names[name]);
    if (code && c._PyEval_EvalCode(code, this.main, this.main)) return undefined;
    const error = c._PyErr_GetRaisedException();
    if (!error) return 'SystemError: no exception was set';
    // Told by Python code of ours, which sees only the exception: the verdict is out already.
    this.restoreBuiltins();
    const told = c._PyObject_CallOneArg(this.helpers.describe, error);
    const utf8 = told && c._PyUnicode_AsUTF8(told);
    c._PyErr_Clear();
    return utf8 ? c.UTF8ToString(utf8) : 'an exception that cannot be shown';
  }

  /** @param {'restore' | 'finish'} helper */
  call(helper) {
    this.c._PyObject_CallNoArgs(this.helpers[helper]);
    this.c._PyErr_Clear();
  }

  restoreBuiltins() {
    this.c._PyDict_Clear(this.builtins);
    this.c._PyDict_Update(this.builtins, this.cleanBuiltins);
  }

  /** Puts everything back as it was before the program. */
  reset() {
    const heap = this.c.HEAPU8;
    heap.set(this.image);
    heap.fill(0, this.image.length);
    this.c.stackRestore(this.stack);
    this.resetFiles();
  }
}
