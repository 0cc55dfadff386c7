#!/usr/bin/env node
/** Writes docs/kernels.md. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { importBundled } from './bundle.mjs';

const { kernelTable } = await importBundled('kernel-table.ts');
const folder = new URL('../docs/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('kernels.md', folder), kernelTable());
