/**
 * Pairs of mathematical answers judged a second, against math-verify on the same pairs (the fixture of its verdicts), and
 * GSM8K-like completions scored a second against trl's accuracy reward, which is built on it.
 */
import { startOurs, startPeer, takeTurns } from '../lib/peer.mjs';
import { median, moreIsBetter } from '../lib/report.mjs';

const ROUNDS = Number(process.env.ATTUNE_BENCH_ROUNDS ?? 5);

export async function run() {
  const rows = [];
  for (const [name, task, peer] of [
    ['answers compared', 'pairs', 'math-verify'],
    ['completions scored', 'completions', 'math-verify'],
  ]) {
    const workers = { ours: await startOurs('verifiers', { task }) };
    try {
      workers.theirs = await startPeer('verifiers', { task });
    } catch {
      console.error(`bench verifiers: the peer is missing: ${peer}`);
    }
    const times = await takeTurns(workers, ROUNDS);
    const { count } = workers.ours.ready;
    for (const worker of Object.values(workers)) await worker.end();
    const rate = (list) => (list ? (count / median(list)) * 1e3 : null);
    rows.push(moreIsBetter(name, '1/s', rate(times.ours), rate(times.theirs), peer));
  }
  return rows;
}
