#!/usr/bin/env node
import { relative } from 'node:path';
import { createAlgorithm } from './index.ts';

const [name, folder] = process.argv.slice(2);
if (!name || name.startsWith('-')) {
  console.log(`usage: npm create @attune/algorithm <package name> [folder]

Writes a package with a post-training algorithm: its definition, a test, a README.
A recipe names it: algorithm: <package name>`);
  process.exitCode = name === '--help' || name === '-h' ? 0 : 1;
} else {
  try {
    const target = relative('.', createAlgorithm({ name, folder })) || '.';
    console.log(`${target} is ready:\n\n  cd ${target}\n  npm install\n  npm test\n`);
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
