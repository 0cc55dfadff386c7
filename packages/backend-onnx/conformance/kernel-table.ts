/** The table of kernels in docs/kernels.md, from what is registered. */
import '@tensorflow/tfjs-backend-cpu';
import { getKernelsForBackend } from '@tensorflow/tfjs-core';
import { HOST_KERNELS } from '../src/kernels/host.ts';
import '../src/kernels/index.ts';
import { BACKEND_NAME } from '../src/kernels/registry.ts';

const names = (backend: string) =>
  getKernelsForBackend(backend)
    .map(({ kernelName }) => kernelName)
    .sort();

/** Kernels of TensorFlow.js's `cpu` backend that this backend does not have. */
export function missingKernels(): string[] {
  const present = new Set(names(BACKEND_NAME));
  return names('cpu').filter((name) => !present.has(name));
}

/** The text of docs/kernels.md. */
export function kernelTable(): string {
  const onHost = new Set(Object.values(HOST_KERNELS).flat());
  const lowered = names(BACKEND_NAME).filter((name) => !onHost.has(name));
  const list = (kernels: readonly string[]) => kernels.map((name) => `\`${name}\``).join(', ');
  const rows = Object.entries(HOST_KERNELS).map(([reason, kernels]) => `| ${reason} | ${list(kernels)} |`);
  return [
    '# Kernels',
    '',
    '<!-- Written by `node conformance/write-kernel-table.mjs`. -->',
    '',
    `## In the graph (${lowered.length})`,
    '',
    'These record ONNX nodes: they fuse with their neighbours, run inside `jit` and export to `.onnx`.',
    '',
    `${list(lowered)}.`,
    '',
    `## On the host (${onHost.size})`,
    '',
    "These run on TensorFlow.js's `cpu` backend. They end the pending graph and cannot be part of a `jit`.",
    'So does every other kernel when it is asked for complex numbers or strings.',
    '',
    '| reason | kernels |',
    '|---|---|',
    ...rows,
    '',
    '## Not here',
    '',
    `Only in browsers: ${list(missingKernels())}.`,
    '',
  ].join('\n');
}
