// Kills the process while it writes the checkpoint of step 4: DIE_AT is `sync 3` (after its third synced file),
// `before rename` or `after rename`.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const target = '.writing-step-000004';
const die = (moment) => {
  if (process.env.DIE_AT === moment) process.kill(process.pid, 'SIGKILL');
};
const paths = new Map();
let synced = 0;

const { openSync, fsyncSync, renameSync } = fs;
fs.openSync = (path, ...rest) => {
  const descriptor = openSync(path, ...rest);
  paths.set(descriptor, String(path));
  return descriptor;
};
fs.fsyncSync = (descriptor) => {
  fsyncSync(descriptor);
  if (paths.get(descriptor)?.includes(target)) die(`sync ${++synced}`);
};
fs.renameSync = (from, to) => {
  const ours = String(from).endsWith(target);
  if (ours) die('before rename');
  renameSync(from, to);
  if (ours) die('after rename');
};
syncBuiltinESMExports();
