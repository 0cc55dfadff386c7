/**
 * Milliseconds and peak memory of a training step (forward, backward, AdamW; float32, 2,048 tokens) against PyTorch,
 * eager at its best setting and compiled. Both sides start from the same weights, so that their losses must agree.
 */
import { availableParallelism } from 'node:os';
import { startOurs, startPeer, takeTurns, torchVersion } from '../lib/peer.mjs';
import { lessIsBetter, median, moreIsBetter } from '../lib/report.mjs';

const MODELS = {
  'd=256 L=4': { d: 256, ffn: 704, layers: 4, heads: 4, seq: 256, batch: 8, vocab: 4096 },
  'd=512 L=8': { d: 512, ffn: 1408, layers: 8, heads: 8, seq: 512, batch: 4, vocab: 8192 },
};
const ROUNDS = Number(process.env.ATTUNE_BENCH_ROUNDS ?? 9);
const threads = availableParallelism();
/** Settings of PyTorch's BLAS to choose from; on AMD processors MKL's default is not always its best. */
const SETTINGS = [{}, { MKL_ENABLE_INSTRUCTIONS: 'AVX2' }];

export async function run() {
  const version = torchVersion();
  const rows = [];
  for (const [name, sizes] of Object.entries(MODELS)) {
    const workers = { ours: await startOurs('train-step', { ...sizes, threads, measureLimit: true }) };
    if (version) {
      workers.eager = await bestEager(sizes);
      workers.compile = await startPeer('train_step', { ...sizes, threads, mode: 'compile' });
      checkLosses(name, workers);
    }
    const times = await takeTurns(workers, ROUNDS);
    rows.push(...(await rowsOf(name, sizes, workers, times, version)));
  }
  return rows;
}

/** PyTorch eager under the setting that is fastest here. */
async function bestEager(sizes) {
  const candidates = [];
  for (const env of SETTINGS) {
    const worker = await startPeer('train_step', { ...sizes, threads, mode: 'eager' }, env);
    const { probe } = await takeTurns({ probe: worker }, 3);
    candidates.push({ worker, ms: Math.min(...probe) });
  }
  candidates.sort((a, b) => a.ms - b.ms);
  for (const { worker } of candidates.slice(1)) await worker.end();
  return candidates[0].worker;
}

/** A benchmark of two different computations would mean nothing. */
function checkLosses(name, workers) {
  const lossesOf = (worker) => worker.ready.warmUp.map(({ loss }) => loss);
  const ours = lossesOf(workers.ours);
  for (const peer of ['eager', 'compile']) {
    lossesOf(workers[peer]).forEach((loss, i) => {
      if (Math.abs(loss - ours[i]) < 1e-3) return;
      throw new Error(`train-step ${name}: step ${i + 1} has loss ${ours[i]}, PyTorch ${peer} has ${loss}`);
    });
  }
}

async function rowsOf(name, sizes, workers, times, version) {
  const ms = Object.fromEntries(Object.entries(times).map(([who, all]) => [who, median(all)]));
  const peak = {};
  for (const [who, worker] of Object.entries(workers)) peak[who] = (await worker.end()).peakMiB;
  const share = (who) => ms[who] && (100 * flops(sizes)) / ms[who] / 1e6 / workers.ours.ready.limit;
  const rows = [];
  for (const peer of ['eager', 'compile']) {
    const label = `PyTorch ${version ?? ''} ${peer}`.replace('  ', ' ');
    rows.push(lessIsBetter(`${name} step`, 'ms', ms.ours, ms[peer] ?? null, label));
    rows.push(lessIsBetter(`${name} peak memory`, 'MiB', peak.ours, peak[peer] ?? null, label));
    rows.push(moreIsBetter(`${name} share of matmul limit`, '%', share('ours'), share(peer) ?? null, label));
  }
  return rows;
}

/** Floating-point operations of the matrix products of a step, attention counted over the visible half only. */
function flops({ d, ffn, layers, seq, batch, vocab }) {
  const weights = layers * (4 * d * d + 3 * d * ffn) + vocab * d;
  const attention = layers * d * seq;
  return 6 * batch * seq * (weights + attention);
}
