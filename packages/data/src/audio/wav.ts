import type { Audio } from './audio.ts';

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

/**
 * Reads a WAV file: PCM of 8, 16, 24 or 32 bits, floats of 32 or 64 bits, also in the extensible form.
 * @param name for errors
 * @throws when it is no WAV file, cut off, empty, or of another encoding
 */
export function decodeWav(bytes: Uint8Array, name = 'wav'): Audio {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 12 || tag(0) !== 'RIFF' || tag(8) !== 'WAVE')
    throw new Error(`${name}: expected a WAV file, found '${tag(0)}'`);
  let format: { code: number; channels: number; sampleRate: number; bits: number } | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = tag(at);
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (id === 'fmt ') {
      if (body + 16 > bytes.length) break;
      const code = view.getUint16(body, true);
      format = {
        code: code === EXTENSIBLE && size >= 26 ? view.getUint16(body + 24, true) : code,
        channels: view.getUint16(body + 2, true),
        sampleRate: view.getUint32(body + 4, true),
        bits: view.getUint16(body + 14, true),
      };
    } else if (id === 'data') {
      if (!format) throw new Error(`${name}: its samples come before their format`);
      // Programs that stream do not know the size: then the samples go on to the end.
      const open = size === 0xffffffff || size === 0x7fffffff;
      const available = bytes.length - body;
      if (!open && size > available)
        throw new Error(`${name}: is cut off: expected ${size} bytes of samples, found ${available}`);
      return samples(view, body, open ? available : size, format, name);
    }
    at = body + size + (size % 2);
  }
  throw new Error(`${name}: holds no samples; it may be cut off`);
}

function samples(
  view: DataView,
  start: number,
  size: number,
  { code, channels, sampleRate, bits }: { code: number; channels: number; sampleRate: number; bits: number },
  name: string,
): Audio {
  const width = bits / 8;
  const read = reader(view, code, bits);
  if (!read)
    throw new Error(
      `${name}: expected PCM of 8, 16, 24 or 32 bits or floats of 32 or 64, found encoding ${code} of ${bits} bits`,
    );
  if (channels === 0 || sampleRate === 0)
    throw new Error(`${name}: has ${channels} channels at ${sampleRate} Hz; both must be above 0`);
  const count = Math.floor(size / (width * channels));
  if (count === 0) throw new Error(`${name}: has no length`);
  return {
    sampleRate,
    channels: Array.from({ length: channels }, (_, channel) => {
      const out = new Float32Array(count);
      for (let i = 0; i < count; i++) out[i] = read(start + (i * channels + channel) * width);
      return out;
    }),
  };
}

function reader(view: DataView, code: number, bits: number): ((at: number) => number) | undefined {
  if (code === FLOAT && bits === 32) return (at) => view.getFloat32(at, true);
  if (code === FLOAT && bits === 64) return (at) => view.getFloat64(at, true);
  if (code !== PCM) return undefined;
  if (bits === 8) return (at) => (view.getUint8(at) - 128) / 128;
  if (bits === 16) return (at) => view.getInt16(at, true) / 32768;
  if (bits === 24) return (at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 65536) / 8388608;
  if (bits === 32) return (at) => view.getInt32(at, true) / 2147483648;
  return undefined;
}

/**
 * Writes a WAV file: PCM of 16 bits (values beyond [−1, 1] are clipped), or floats of 32 bits.
 */
export function encodeWav(
  { sampleRate, channels }: Audio,
  encoding: 'pcm16' | 'float32' = 'pcm16',
): Uint8Array {
  const width = encoding === 'pcm16' ? 2 : 4;
  const length = channels[0]?.length ?? 0;
  const size = length * channels.length * width;
  const bytes = new Uint8Array(44 + size);
  const view = new DataView(bytes.buffer);
  const tag = (at: number, text: string) => bytes.set(new TextEncoder().encode(text), at);
  tag(0, 'RIFF');
  view.setUint32(4, 36 + size, true);
  tag(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, encoding === 'pcm16' ? PCM : FLOAT, true);
  view.setUint16(22, channels.length, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * channels.length * width, true);
  view.setUint16(32, channels.length * width, true);
  view.setUint16(34, width * 8, true);
  tag(36, 'data');
  view.setUint32(40, size, true);
  for (let i = 0, at = 44; i < length; i++)
    for (const channel of channels) {
      const value = channel[i]!;
      if (width === 4) view.setFloat32(at, value, true);
      else view.setInt16(at, Math.max(-32768, Math.min(32767, Math.round(value * 32768))), true);
      at += width;
    }
  return bytes;
}
