import { expect, test } from 'vitest';
import { BufferPool } from './host-buffer.ts';

const MB = 2 ** 20;

test('a released buffer serves the next tensor of its size', () => {
  const pool = new BufferPool(() => {});
  const a = pool.acquire(16);
  pool.release(a);
  expect(pool.acquire(8)).not.toBe(a);
  expect(pool.acquire(16)).toBe(a);
  expect([pool.liveBuffers, pool.liveBytes, pool.freeBytes]).toEqual([2, 24, 0]);
});

test('shared buffers wait for their last reference', () => {
  const pool = new BufferPool(() => {});
  const a = pool.acquire(16).retain();
  pool.release(a);
  expect(pool.liveBuffers).toBe(1);
  expect(pool.acquire(16)).not.toBe(a);
  pool.release(a);
  expect(pool.acquire(16)).toBe(a);
});

test('bytes that a user has seen are never reused, and their native tensors are released', () => {
  const released: bigint[] = [];
  const pool = new BufferPool((value) => released.push(value));
  const a = pool.acquire(16);
  a.ortValues.set('float32[4]', 7n);
  a.escaped = true;
  pool.release(a);
  expect(released).toEqual([7n]);
  expect(pool.freeBytes).toBe(0);
  expect(pool.acquire(16)).not.toBe(a);
});

test('keeps at most 64 MB, or as much as is in use', () => {
  const pool = new BufferPool(() => {});
  const first = Array.from({ length: 10 }, () => pool.acquire(16 * MB));
  for (const buffer of first) pool.release(buffer);
  expect(pool.freeBytes).toBe(64 * MB);
  const live = pool.acquire(128 * MB);
  const second = Array.from({ length: 10 }, () => pool.acquire(16 * MB));
  for (const buffer of second) pool.release(buffer);
  expect(pool.freeBytes).toBe(128 * MB);
  pool.release(live);
  expect(pool.freeBytes).toBeLessThanOrEqual(128 * MB);
  pool.clear();
  expect(pool.freeBytes).toBe(0);
});
