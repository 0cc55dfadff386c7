/** Tokens per second of greedy decoding with a key-value cache, up to a context of 512, against PyTorch eager. */
import { availableParallelism } from 'node:os';
import { startOurs, startPeer, takeTurns, torchVersion } from '../lib/peer.mjs';
import { median, moreIsBetter } from '../lib/report.mjs';

const MODEL = { d: 512, ffn: 1408, layers: 8, heads: 8, vocab: 8192 };
const RUN = { context: 512, prompt: 256, tokensPerStep: 64, threads: availableParallelism() };
const ROUNDS = Number(process.env.ATTUNE_BENCH_ROUNDS ?? 9);

export async function run() {
  const version = torchVersion();
  const rows = [];
  for (const batch of [1, 8]) {
    const sizes = { ...MODEL, ...RUN, batch };
    const workers = { ours: await startOurs('decode', sizes) };
    if (version) {
      workers.peer = await startPeer('decode', sizes);
      checkTokens(batch, workers);
    }
    const speeds = await takeTurns(workers, ROUNDS, 'tokensPerSecond');
    for (const worker of Object.values(workers)) await worker.end();
    const peer = speeds.peer ? median(speeds.peer) : null;
    rows.push(
      moreIsBetter(`batch ${batch}`, 'tok/s', median(speeds.ours), peer, `PyTorch ${version ?? ''} eager`),
    );
  }
  return rows;
}

/** The first tokens after the prompt must be the same; later ones may part where two logits are almost equal. */
function checkTokens(batch, { ours, peer }) {
  const [a, b] = [ours, peer].map(({ ready }) => ready.warmUp[0].ids);
  const same = a.filter((id, i) => id === b[i]).length;
  if (same < a.length / 2) {
    throw new Error(`decode batch ${batch}: after the first step ours has tokens ${a}, PyTorch ${b}`);
  }
}
