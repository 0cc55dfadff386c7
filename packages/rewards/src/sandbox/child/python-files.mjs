/**
 * The in-memory file system of a Python interpreter: what the interpreter is made of cannot be changed, a few folders
 * are the program's own, up to a limit, and are emptied after it.
 */

/** Error numbers of Emscripten. */
const [EACCES, EMFILE, ENOSPC, EROFS] = [2, 33, 51, 69];
const MAX_FILES = 4096;

/** @typedef {any} Untyped */

/**
 * @param {Untyped} module Pyodide's Emscripten module
 * @param {{ writable: readonly string[], fileBytes: number }} options
 * @returns function that undoes what a program did to its folders and open files
 */
export function guardFiles({ FS, MEMFS, PIPEFS, SOCKFS }, { writable, fileBytes }) {
  const roots = writable.map((path) => FS.lookupPath(path).node);
  let bytes = 0;
  let files = 0;

  /** @param {number} errno @returns {never} */
  const fail = (errno) => {
    throw new FS.ErrnoError(errno);
  };
  /** Whether a node is one of the program's folders or lies in one. @param {Untyped} node */
  const inside = (node) => {
    for (let at = node; ; at = at.parent) {
      if (roots.includes(at)) return true;
      if (at === at.parent) return false;
    }
  };
  /** Puts a check before a function. @param {Untyped} object @param {string} name @param {(...args: Untyped[]) => void} check */
  const before = (object, name, check) => {
    const original = object[name];
    object[name] = (/** @type {Untyped[]} */ ...args) => {
      check(...args);
      return original.apply(object, args);
    };
  };
  /** @param {Untyped[]} nodes */
  const demand = (...nodes) => {
    if (!nodes.every(inside)) fail(EROFS);
  };
  /** @param {Untyped} node */
  const own = (node) => {
    if (roots.includes(node)) fail(EROFS);
    demand(node);
  };
  /** @param {Untyped} node @param {number} size */
  const grow = (node, size) => {
    bytes += Math.max(0, size - (node.contents?.length ?? 0));
    if (bytes > fileBytes) fail(ENOSPC);
  };

  const { dir, file, link, chrdev } = MEMFS.ops_table;
  before(dir.node, 'mknod', (parent) => {
    demand(parent);
    if (++files > MAX_FILES) fail(ENOSPC);
  });
  before(dir.node, 'symlink', (parent) => demand(parent));
  before(dir.node, 'rename', (node, newParent) => demand(node.parent, newParent));
  before(dir.node, 'unlink', (parent) => demand(parent));
  before(dir.node, 'rmdir', (parent) => demand(parent));
  // The kinds share one setattr; each table is its own object.
  for (const { node } of [dir, file, link, chrdev]) if (node.setattr) before(node, 'setattr', own);
  before(file.stream, 'write', (stream, _buffer, _offset, length, position) => {
    demand(stream.node);
    grow(stream.node, position + length);
  });
  before(MEMFS, 'resizeFileStorage', grow);
  before(PIPEFS, 'createPipe', () => fail(EMFILE));
  before(SOCKFS, 'createSocket', () => fail(EACCES));
  FS.mount = () => fail(EACCES);

  const streams = FS.streams.map((/** @type {Untyped} */ stream) => [
    stream,
    stream?.fd,
    { ...stream?.shared },
  ]);
  const folder = FS.cwd();

  /** @param {Untyped} node */
  const empty = (node) => {
    for (const child of Object.values(node.contents)) {
      if (FS.isDir(child.mode)) {
        empty(child);
        node.node_ops.rmdir(node, child.name);
      } else node.node_ops.unlink(node, child.name);
      FS.destroyNode(child);
    }
  };
  return () => {
    for (const root of roots) empty(root);
    FS.streams.length = 0;
    for (const [stream, fd, shared] of streams) {
      if (stream) Object.assign(Object.assign(stream, { fd }).shared, shared);
      FS.streams.push(stream);
    }
    FS.chdir(folder);
    bytes = 0;
    files = 0;
  };
}
