import { readFile } from 'node:fs/promises';
import { type Audio, toMono } from './audio.ts';
import { resample } from './resample.ts';
import { decodeWav } from './wav.ts';

/** Kinds of files that are recognised by their first bytes. */
export type AudioFormat = 'wav' | 'flac' | 'mp3' | 'vorbis' | 'opus' | 'm4a';

/** What a decoder of the WebAssembly libraries gives. */
interface Decoded {
  channelData: Float32Array[];
  sampleRate: number;
  errors?: { message: string }[];
}

/** Decoders, loaded when first needed: each an optional package that brings its code as WebAssembly. */
const DECODERS: Record<
  Exclude<AudioFormat, 'wav'>,
  { package: string; decode(bytes: Uint8Array): Promise<Decoded> }
> = {
  flac: {
    package: '@wasm-audio-decoders/flac',
    async decode(bytes) {
      const { FLACDecoder } = await import('@wasm-audio-decoders/flac');
      return once(new FLACDecoder(), (decoder) => decoder.decodeFile(bytes));
    },
  },
  mp3: {
    package: 'mpg123-decoder',
    async decode(bytes) {
      const { MPEGDecoder } = await import('mpg123-decoder');
      return once(new MPEGDecoder(), (decoder) => decoder.decode(bytes));
    },
  },
  vorbis: {
    package: '@wasm-audio-decoders/ogg-vorbis',
    async decode(bytes) {
      const { OggVorbisDecoder } = await import('@wasm-audio-decoders/ogg-vorbis');
      return once(new OggVorbisDecoder(), (decoder) => decoder.decodeFile(bytes));
    },
  },
  opus: {
    package: 'ogg-opus-decoder',
    async decode(bytes) {
      const { OggOpusDecoder } = await import('ogg-opus-decoder');
      return once(new OggOpusDecoder(), (decoder) => decoder.decodeFile(bytes));
    },
  },
  m4a: {
    package: '@audio/decode-aac',
    async decode(bytes) {
      const { default: decode } = await import('@audio/decode-aac');
      return decode(bytes);
    },
  },
};

/** Uses a decoder for one file. */
async function once<D extends { ready: Promise<void>; free(): void }>(
  decoder: D,
  decode: (decoder: D) => Decoded | Promise<Decoded>,
): Promise<Decoded> {
  await decoder.ready;
  try {
    return await decode(decoder);
  } finally {
    decoder.free();
  }
}

/** The format of a file by its first bytes, or undefined. */
export function detectAudioFormat(bytes: Uint8Array): AudioFormat | undefined {
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WAVE') return 'wav';
  if (text(0, 4) === 'fLaC') return 'flac';
  if (text(0, 4) === 'OggS')
    return text(28, 36) === 'OpusHead' ? 'opus' : text(29, 35) === 'vorbis' ? 'vorbis' : undefined;
  if (text(4, 8) === 'ftyp') return 'm4a';
  if (text(0, 3) === 'ID3' || (bytes[0] === 0xff && (bytes[1]! & 0xe6) === 0xe2)) return 'mp3';
  return undefined;
}

/**
 * Decodes WAV, and FLAC, MP3, Ogg Vorbis, Opus and M4A with the optional packages `@wasm-audio-decoders/flac`,
 * `mpg123-decoder`, `@wasm-audio-decoders/ogg-vorbis`, `ogg-opus-decoder` and `@audio/decode-aac` (GPL).
 *
 * @param name for errors, such as the file's path
 * @throws one line that says what is wrong: an unknown format, a missing package, a file that is cut off or empty
 */
export async function decodeAudio(bytes: Uint8Array, name = 'audio'): Promise<Audio> {
  if (bytes.length === 0) throw new Error(`${name}: is empty`);
  const format = detectAudioFormat(bytes);
  if (!format)
    throw new Error(
      `${name}: expected WAV, FLAC, MP3, Ogg Vorbis, Opus or M4A, found none of their first bytes`,
    );
  if (format === 'wav') return decodeWav(bytes, name);
  const decoder = DECODERS[format];
  let decoded: Decoded;
  try {
    decoded = await decoder.decode(bytes);
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND')
      throw new Error(`${name}: decoding ${format} needs the package ${decoder.package}; install it`);
    throw new Error(`${name}: is no valid ${format}: ${(error as Error).message}`);
  }
  const { channelData: channels, sampleRate, errors = [] } = decoded;
  const length = channels[0]?.length ?? 0;
  const announced = format === 'flac' ? flacSamples(bytes) : 0;
  if (announced > length)
    throw new Error(
      `${name}: is cut off or damaged: expected ${announced} samples, found ${length} (${(length / (sampleRate || 1)).toFixed(2)} s)`,
    );
  if (errors.length > 0) throw new Error(`${name}: is damaged: ${errors[0]!.message}`);
  if (length === 0) throw new Error(`${name}: has no length`);
  // Some decoders give views of memory that they use again.
  return { sampleRate, channels: channels.map((channel) => channel.slice()) };
}

/** What `readAudio` makes of a file. */
export interface ReadAudioOptions {
  /** Resample to this rate. Default: the file's. */
  sampleRate?: number;
  /** Mix the channels into one. Default true. */
  mono?: boolean;
}

/** Reads and decodes a file, mixes it to mono and resamples it. @throws naming the file, see `decodeAudio` */
export async function readAudio(
  path: string,
  { sampleRate, mono = true }: ReadAudioOptions = {},
): Promise<Audio> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const missing = (error as { code?: string }).code === 'ENOENT';
    throw new Error(`${path}: ${missing ? 'is missing' : (error as Error).message}`);
  }
  const audio = await decodeAudio(bytes, path);
  const channels = mono ? [toMono(audio)] : audio.channels;
  if (sampleRate === undefined || sampleRate === audio.sampleRate) return { ...audio, channels };
  return { sampleRate, channels: channels.map((each) => resample(each, audio.sampleRate, sampleRate)) };
}

/** Samples that a FLAC file announces in its STREAMINFO block (RFC 9639, section 8.2); 0 = unknown. */
function flacSamples(bytes: Uint8Array): number {
  if (bytes.length < 26) return 1;
  return (
    (bytes[21]! & 15) * 2 ** 32 + bytes[22]! * 2 ** 24 + (bytes[23]! << 16) + (bytes[24]! << 8) + bytes[25]!
  );
}
