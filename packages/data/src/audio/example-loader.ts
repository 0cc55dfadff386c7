import { isAbsolute, join } from 'node:path';
import type { TimedSegment } from '../concat/timed-text.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { readAudio } from './decode-audio.ts';

/** An example of one or several rows of a manifest, as samplers plan it. Times in milliseconds. */
export interface ExamplePlan {
  rows: readonly number[];
  starts: readonly number[];
  length: number;
}

/** An example with its sound. */
export interface LoadedExample {
  /** Mono; the clips at their places, silence between them. */
  samples: Float32Array;
  /** What is said when; see `timedText`. */
  segments: TimedSegment[];
}

/** How examples are loaded. */
export interface ExampleLoaderOptions {
  /** With columns `path` and, where there are texts, `text`, `language`, `region`. */
  manifest: Manifest;
  /** Folder that relative paths begin at. Default: the working directory. */
  root?: string;
  /** Hz. Default 16000. */
  sampleRate?: number;
  /** A clip that is missing or damaged, or not as long as planned: `error` (default), or `skip` and count. */
  broken?: 'error' | 'skip';
  /** Seconds by which a clip may be longer or shorter than planned. Default 0.05. */
  tolerance?: number;
  /** How a file is read. Default: `readAudio`, mono at `sampleRate`. */
  read?: (path: string) => Promise<Float32Array>;
}

/** Turns planned examples into sound and text when their turn comes: nothing is merged on disk. */
export class ExampleLoader {
  readonly #options: Required<ExampleLoaderOptions>;
  /** Clips loaded so far, and those left out; `firstProblem` says what the first of them lacked. */
  readonly counts: { loaded: number; broken: number; firstProblem?: string } = { loaded: 0, broken: 0 };

  constructor(options: ExampleLoaderOptions) {
    const { sampleRate = 16000, root = '', broken = 'error', tolerance = 0.05 } = options;
    const read = async (path: string) => (await readAudio(path, { sampleRate })).channels[0]!;
    this.#options = { read, ...options, sampleRate, root, broken, tolerance };
    if (!options.manifest.has('path'))
      throw new Error(`${options.manifest.folder}: has no column path to load from`);
  }

  /**
   * Loads one example. A clip that is left out leaves silence and no text.
   * @throws naming the file, when a clip is broken and `broken` is `error`
   */
  async load({ rows, starts, length }: ExamplePlan): Promise<LoadedExample> {
    const { manifest, sampleRate } = this.#options;
    const samples = new Float32Array(Math.round((length * sampleRate) / 1000));
    const segments: TimedSegment[] = [];
    for (const [i, row] of rows.entries()) {
      const start = starts[i]! / 1000;
      const { path, duration, text, language, region } = manifest.row(row);
      const clip = await this.#clip(String(path), Number(duration));
      if (!clip) continue;
      const at = Math.round(start * sampleRate);
      samples.set(clip.subarray(0, samples.length - at), at);
      segments.push({
        text: String(text ?? ''),
        start,
        end: start + Number(duration),
        ...(language ? { language: String(language) } : {}),
        ...(region ? { region: String(region) } : {}),
      });
    }
    return { samples, segments };
  }

  async #clip(path: string, seconds: number): Promise<Float32Array | undefined> {
    const { root, sampleRate, broken, tolerance, read } = this.#options;
    try {
      const clip = await read(root && !isAbsolute(path) ? join(root, path) : path);
      const found = clip.length / sampleRate;
      if (Math.abs(found - seconds) > tolerance)
        throw new Error(
          `${path}: the manifest says ${seconds} s, the file has ${found.toFixed(3)}; write the manifest again`,
        );
      this.counts.loaded++;
      return clip.subarray(0, Math.round(seconds * sampleRate));
    } catch (error) {
      if (broken === 'error') throw error;
      this.counts.broken++;
      this.counts.firstProblem ??= (error as Error).message;
      return undefined;
    }
  }
}
