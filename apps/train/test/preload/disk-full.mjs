// Lets every write of the checkpoint of step 4 fail as on a full disk.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const paths = new Map();
const { openSync, writeSync } = fs;
fs.openSync = (path, ...rest) => {
  const descriptor = openSync(path, ...rest);
  paths.set(descriptor, String(path));
  return descriptor;
};
fs.writeSync = (descriptor, ...rest) => {
  if (!paths.get(descriptor)?.includes('.writing-step-000004')) return writeSync(descriptor, ...rest);
  throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
};
syncBuiltinESMExports();
