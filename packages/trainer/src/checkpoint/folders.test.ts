import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCheckpoint, listCheckpoints, writeCheckpoint } from './folders.ts';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'attune-checkpoints-')), 'checkpoints');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

const fill = (text: string) => (path: string) => {
  writeFileSync(join(path, 'model.safetensors'), text);
  mkdirSync(join(path, 'adapter'));
  writeFileSync(join(path, 'adapter', 'config.json'), '{}');
};

describe('checkpoints', () => {
  it('appear whole, newest first, and the oldest go', () => {
    for (const step of [1, 2, 10, 9]) writeCheckpoint(folder, step, fill(`weights ${step}`), 3);
    expect(listCheckpoints(folder).map((c) => c.step)).toEqual([10, 9, 2]);
    expect(readdirSync(folder)).toEqual(['step-000002', 'step-000009', 'step-000010']);
    expect(findCheckpoint(folder)?.step).toBe(10);
  });

  it('are skipped by name when a byte changed, a file is short, missing, or the manifest is gone', () => {
    for (const step of [1, 2, 3, 4, 5]) writeCheckpoint(folder, step, fill(`weights ${step}`));
    const at = (step: number, name: string) => join(folder, `step-00000${step}`, name);
    writeFileSync(at(5, 'model.safetensors'), 'weights 6');
    truncateSync(at(4, 'model.safetensors'), 3);
    rmSync(at(3, 'adapter/config.json'));
    appendFileSync(at(2, 'manifest.json'), 'x');
    const reasons: string[] = [];
    expect(findCheckpoint(folder, (reason) => reasons.push(reason))?.step).toBe(1);
    expect(reasons).toEqual([
      `${at(5, 'model.safetensors')} does not match its checksum`,
      `${at(4, 'model.safetensors')} has 3 bytes, expected 9`,
      `${at(3, 'adapter/config.json')} is missing`,
      `${join(folder, 'step-000002')}: manifest.json is missing or not JSON`,
    ]);
  });

  it('that fail halfway leave no trace, and earlier ones stay', () => {
    writeCheckpoint(folder, 1, fill('good'));
    const full = () => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    expect(() => writeCheckpoint(folder, 2, full)).toThrow(
      /^cannot write checkpoint .*step-000002: no space left on the disk \(ENOSPC\)\. Earlier checkpoints are intact/,
    );
    expect(readdirSync(folder)).toEqual(['step-000001']);
    expect(findCheckpoint(folder)?.step).toBe(1);
  });

  it('replace a corrupt one of the same step', () => {
    writeCheckpoint(folder, 1, fill('bad'));
    writeFileSync(join(folder, 'step-000001', 'model.safetensors'), 'BAD');
    expect(findCheckpoint(folder)).toBeUndefined();
    writeCheckpoint(folder, 1, fill('good'));
    expect(readFileSync(join(folder, 'step-000001', 'model.safetensors'), 'utf8')).toBe('good');
  });

  it('clear away what a killed writer left', () => {
    writeCheckpoint(folder, 1, fill('good'));
    mkdirSync(join(folder, '.writing-step-000002'));
    writeFileSync(join(folder, '.writing-step-000002', 'model.safetensors'), 'half');
    expect(findCheckpoint(folder)?.step).toBe(1);
    writeCheckpoint(folder, 2, fill('whole'));
    expect(existsSync(join(folder, '.writing-step-000002'))).toBe(false);
  });

  it('name a folder that is a file', () => {
    writeFileSync(join(folder, '..', 'file'), '');
    expect(() => writeCheckpoint(join(folder, '..', 'file', 'checkpoints'), 1, fill('x'))).toThrow(
      /a part of the path is a file, not a folder \(ENOTDIR\)/,
    );
  });
});
