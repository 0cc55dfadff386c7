/**
 * Takes from this process what a sandboxed program could misuse, should it ever get past its WebAssembly walls.
 * The parent has already given the process an empty environment, no permission on files, child processes and native
 * addons, and no way to make code from strings; here go the network and the signals.
 */
import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import { constants } from 'node:fs';
import net from 'node:net';

/** @param {string} what @returns {() => never} */
const refuse = (what) => () => {
  throw new Error(`the sandbox has no ${what}`);
};

/** Call before an engine is loaded. */
export function closeDoors() {
  net.Socket.prototype.connect = refuse('network');
  net.Server.prototype.listen = refuse('network');
  dgram.Socket.prototype.bind = refuse('network');
  dgram.Socket.prototype.send = refuse('network');
  Object.assign(dns, { lookup: refuse('network'), resolve: refuse('network') });
  // It would name a path of the host to the program.
  process.argv.length = 0;
  process.argv.push('python', 'python');
  // What `os.system` calls: exit code 127, as a shell does for a command that it doesn't find.
  Object.assign(childProcess, { spawnSync: () => ({ status: 127, signal: null }) });
  // Pyodide asks for this one table, which the permission model would refuse together with all bindings.
  Object.assign(process, { binding: () => ({ fs: constants }) });
  // An object of the host that is freed late would release memory that belongs to the next program by then.
  class NeverFinalized {
    register() {}
    unregister() {}
  }
  Object.assign(globalThis, { FinalizationRegistry: NeverFinalized });
}

/** Call after the engine is loaded, when it needs these no more. */
export function closeProcess() {
  for (const name of ['kill', '_kill', 'dlopen', 'abort', 'send', 'binding', 'getBuiltinModule'])
    Object.assign(process, { [name]: undefined });
  for (const name of ['fetch', 'WebSocket', 'setInterval', 'queueMicrotask'])
    Object.assign(globalThis, { [name]: undefined });
}

/**
 * WebAssembly memories cannot grow past this many bytes from here on: allocation fails, the process goes on.
 * @param {number} bytes
 * @returns {{ hit: boolean }} `hit` says that the limit was reached
 */
export function limitMemory(bytes) {
  const state = { hit: false };
  const { Memory } = /** @type {any} */ (globalThis).WebAssembly;
  const grow = Memory.prototype.grow;
  /** @param {number} pages */
  Memory.prototype.grow = function (pages) {
    if (this.buffer.byteLength + pages * 65536 > bytes) {
      state.hit = true;
      throw new RangeError('the sandbox has no more memory');
    }
    return grow.call(this, pages);
  };
  return state;
}
