import { mix } from '../permutation.ts';
import type { ManifestColumn } from './layout.ts';

/** What a manifest knows of a clip. */
export interface Utterance {
  /** Where its audio lies. */
  path: string;
  /** Seconds, > 0. Kept in milliseconds, rounded up. */
  duration: number;
  /** What is said. */
  text?: string;
  /** Such as `zh`. */
  language?: string;
  /** Such as `CN`. */
  region?: string;
  /** Kept as a hash of 32 bits: enough to tell neighbours apart. */
  speaker?: string;
}

/** The columns of `Utterance`. */
export const UTTERANCE_COLUMNS: readonly ManifestColumn[] = [
  { name: 'duration', type: 'uint32' },
  { name: 'path', type: 'string' },
  { name: 'text', type: 'string' },
  { name: 'language', type: 'uint16' },
  { name: 'region', type: 'uint16' },
  { name: 'speaker', type: 'uint32' },
];

/** Why a duration in seconds cannot be used, or undefined. */
export function durationProblem(seconds: unknown): string | undefined {
  if (typeof seconds !== 'number' || Number.isNaN(seconds)) return 'duration is not a number';
  if (seconds < 0) return 'duration is negative';
  if (seconds === 0) return 'duration is zero';
  if (seconds * 1000 > 0xffffffff) return 'duration is over 49 days';
  return undefined;
}

/** A speaker's name as 32 bits; 0 stands for an unknown speaker. */
export function hashSpeaker(name: string | undefined): number {
  if (!name) return 0;
  let hash = 0x2545f491;
  for (let i = 0; i < name.length; i++) hash = mix(hash, name.charCodeAt(i));
  return hash || 1;
}
