/**
 * A step of DPO (8 pairs of 96 tokens) and one of GRPO (8 prompts, 8 samples each, 64 new tokens, rollout included)
 * against TRL on PyTorch; the shares of a GRPO step; the peak memory of a LoRA-DPO step against the supervised one's.
 * Both sides read the same weights, tokenizer and data.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@attune/backend-onnx';
import { CausalLM } from '@attune/models';
import { characterTokenizer } from '@attune/trainer';
import { startOurs, startPeer, takeTurns, torchVersion } from '../lib/peer.mjs';
import { lessIsBetter, median } from '../lib/report.mjs';

const ROUNDS = Number(process.env.ATTUNE_BENCH_ROUNDS ?? 5);
const threads = availableParallelism();
/** The quickstart's size, and one that is twice as wide with a larger vocabulary. */
const MODELS = {
  'd=128 L=4': { vocab_size: 512, hidden_size: 128, intermediate_size: 352 },
  'd=256 L=4': { vocab_size: 4096, hidden_size: 256, intermediate_size: 704 },
};
const shape = {
  model_type: 'llama',
  num_hidden_layers: 4,
  num_attention_heads: 4,
  max_position_embeddings: 512,
};

export async function run() {
  const rows = [];
  for (const [name, sizes] of Object.entries(MODELS)) {
    const folder = mkdtempSync(join(tmpdir(), 'attune-bench-'));
    try {
      await prepare(folder, sizes);
      const own = [...(await steps(folder)), ...(await memory(folder))];
      rows.push(...own.map((row) => ({ ...row, case: `${name} ${row.case}` })));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  return rows;
}

/** A model of random weights, a tokenizer of one token a character, pairs and prompts of random letters. */
async function prepare(folder, sizes) {
  await useBackend('onnx', { quiet: true });
  const model = CausalLM.fromConfig({ ...shape, ...sizes }, { seed: 0 });
  model.save(folder);
  model.dispose();
  writeFileSync(
    join(folder, 'tokenizer.json'),
    JSON.stringify(characterTokenizer(['abcdefghijklmnopqrstuvwxyz'])),
  );
  let seed = 1;
  const letters = (count) =>
    Array.from({ length: count }, () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return String.fromCharCode(97 + ((seed >>> 16) % 26));
    }).join('');
  const rows = (make) => `${Array.from({ length: 256 }, () => JSON.stringify(make())).join('\n')}\n`;
  writeFileSync(
    join(folder, 'pairs.jsonl'),
    rows(() => ({ prompt: letters(32), chosen: letters(63), rejected: letters(63) })),
  );
  writeFileSync(
    join(folder, 'prompts.jsonl'),
    rows(() => ({ prompt: letters(31) })),
  );
}

const recipeOf = (folder, data, more) => ({
  model: { path: folder },
  data: { train: { path: join(folder, data) }, template: 'none' },
  optimizer: { lr: 1e-4 },
  schedule: { name: 'constant', steps: 400 },
  evaluation: { every: 0 },
  checkpoint: { every: 1000 },
  output: { logEvery: 1000 },
  ...more,
});
const grpo = {
  algorithm: { name: 'grpo' },
  rewards: [{ name: 'format', pattern: '[0-9]' }],
  rollout: { prompts: 8, answers: 8, maxTokens: 64 },
  batch: { size: 64 },
};

async function steps(folder) {
  const version = torchVersion();
  const peers = version ? `TRL, PyTorch ${version}` : 'TRL';
  const rows = [];
  const compare = async (name, recipe, peer, label) => {
    const workers = { ours: await startOurs('post-training', { recipe, folder }) };
    if (version) workers.peer = await startPeer('post_training', { folder, threads, ...peer });
    const [times, parts] = await turns(workers);
    for (const worker of Object.values(workers)) await worker.end();
    rows.push(lessIsBetter(name, 'ms', median(times.ours), times.peer ? median(times.peer) : null, label));
    return parts;
  };
  const pairs = recipeOf(folder, 'pairs.jsonl', { algorithm: { name: 'dpo' }, batch: { size: 8 } });
  const dpo = { kind: 'dpo', data: join(folder, 'pairs.jsonl'), batch: 8, length: 128 };
  await compare('DPO step, 8 pairs', pairs, { ...dpo, precompute: true }, `${peers}, reference precomputed`);
  await compare('DPO step, 8 pairs', pairs, { ...dpo, precompute: false }, `${peers}, as it comes`);
  const prompts = { kind: 'grpo', data: join(folder, 'prompts.jsonl'), batch: 64, answers: 8, tokens: 64 };
  const parts = await compare(
    'GRPO step, 8 x 8 x 64 tokens',
    recipeOf(folder, 'prompts.jsonl', grpo),
    prompts,
    peers,
  );
  const whole = Object.values(parts).reduce((sum, seconds) => sum + seconds, 0);
  for (const [part, seconds] of Object.entries(parts))
    rows.push({
      case: `GRPO share of ${part}`,
      unit: '%',
      ours: (100 * seconds) / whole,
      peer: null,
      peerName: '-',
      ratio: null,
    });
  return rows;
}

/** Milliseconds of each step by worker, and the mean seconds of the parts of ours. */
async function turns(workers) {
  const parts = { rollout: 0, scoring: 0, update: 0 };
  const { ours } = workers;
  const step = async () => {
    const result = await ours.step();
    for (const part of Object.keys(parts)) parts[part] += result[part] / ROUNDS;
    return result;
  };
  return [await takeTurns({ ...workers, ours: { ...ours, step } }, ROUNDS), parts];
}

/** Peak memory of LoRA training on the same 16 sequences: as texts to imitate, and as 8 pairs. */
async function memory(folder) {
  const peak = async (more) => {
    const worker = await startOurs('post-training', {
      recipe: recipeOf(folder, 'pairs.jsonl', { adapter: { rank: 8 }, ...more }),
      folder,
    });
    for (let i = 0; i < ROUNDS; i++) await worker.step();
    return (await worker.end()).peakMiB;
  };
  const sft = await peak({ algorithm: { name: 'sft' }, batch: { size: 16 } });
  const dpo = await peak({ algorithm: { name: 'dpo' }, batch: { size: 8 } });
  return [lessIsBetter('LoRA-DPO peak memory', 'MiB', dpo, sft, 'LoRA-SFT, same sequences')];
}
