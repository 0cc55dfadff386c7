import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { crc32c } from './crc32c.ts';
import { EventWriter } from './tensorboard.ts';

const fixture = (name: string) => new URL(`./fixtures/${name}`, import.meta.url);
const start = 1_700_000_000_250;

/** The events of the fixture. */
function writeSample(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'attune-events-'));
  const writer = new EventWriter(folder, { startStep: 200, now: start });
  writer.scalars(200, { loss: 2.5, 'learning-rate': 1e-3 }, start + 1000);
  writer.text(200, 'samples', 'To be, or not to be – ünïcode', start + 1500);
  writer.scalars(40_000, { loss: Number.NaN }, start + 2000);
  writer.close();
  const [name] = readdirSync(folder);
  const bytes = readFileSync(join(folder, name!));
  rmSync(folder, { recursive: true });
  return bytes;
}

// With UPDATE_FIXTURES=1 this writes the file that tooling/reference/trainer/tensorboard_read.py then reads.
if (process.env.UPDATE_FIXTURES) writeFileSync(fixture('events.bin'), writeSample());

it('computes CRC-32C', () => {
  // RFC 3720, appendix B.4.
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
});

it('writes the bytes that TensorBoard was seen to read', () => {
  expect(writeSample().equals(readFileSync(fixture('events.bin')))).toBe(true);
});

it('was read by TensorBoard as what was written', () => {
  const { events } = JSON.parse(readFileSync(fixture('events.json'), 'utf8'));
  expect(events).toEqual([
    { wallTime: 1_700_000_000.25, step: 0, what: 'file_version', fileVersion: 'brain.Event:2' },
    { wallTime: 1_700_000_000.25, step: 200, what: 'session_log', status: 1 },
    {
      wallTime: 1_700_000_001.25,
      step: 200,
      what: 'summary',
      values: { loss: 2.5, 'learning-rate': Math.fround(1e-3) },
    },
    {
      wallTime: 1_700_000_001.75,
      step: 200,
      what: 'summary',
      values: { samples: 'To be, or not to be – ünïcode' },
    },
    { wallTime: 1_700_000_002.25, step: 40_000, what: 'summary', values: { loss: 'NaN' } },
  ]);
});
