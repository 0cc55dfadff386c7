/** Seconds from the start of a process to the end of its first training step: the quickstart's model. */
import { spawnSync } from 'node:child_process';
import { commandOf, torchVersion } from '../lib/peer.mjs';
import { lessIsBetter, median } from '../lib/report.mjs';

const SIZES = { d: 128, ffn: 384, layers: 4, heads: 4, vocab: 512, batch: 64, seq: 96 };
const ROUNDS = Number(process.env.ATTUNE_BENCH_ROUNDS ?? 5);

export async function run() {
  const version = torchVersion();
  const seconds = { ours: [], peer: [] };
  for (let round = 0; round < ROUNDS; round++) {
    seconds.ours.push(measure(commandOf('ours', 'first-step', SIZES)));
    if (version) seconds.peer.push(measure(commandOf('peer', 'first_step', SIZES)));
  }
  const peer = version ? median(seconds.peer) : null;
  return [lessIsBetter('first step', 's', median(seconds.ours), peer, `PyTorch ${version ?? ''} eager`)];
}

function measure([command, args]) {
  const start = performance.now();
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args[0]} failed:\n${stderr}`);
  return (performance.now() - start) / 1e3;
}
