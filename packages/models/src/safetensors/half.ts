const f32 = new Float32Array(1);
const u32 = new Uint32Array(f32.buffer);

/**
 * Rounds float32 values to IEEE 754 binary16, to nearest and ties to even. What exceeds 65504 by half a step or
 * more becomes infinite, NaN stays NaN, subnormals are kept.
 */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) out[i] = float16Bits(bits[i]!);
  return out;
}

/** Rounds float32 values to bfloat16 (the upper half of a float32), to nearest and ties to even. NaN stays NaN. */
export function float32ToBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const b = bits[i]!;
    const notANumber = (b & 0x7fffffff) > 0x7f800000;
    // Adding just under half a step, plus one more when the kept part is odd, carries exactly when it must.
    out[i] = notANumber ? (b >>> 16) | 0x40 : (b + 0x7fff + ((b >>> 16) & 1)) >>> 16;
  }
  return out;
}

/** Widens binary16 to float32; every value is exact. */
export function float16ToFloat32(values: Uint16Array): Float32Array {
  const table = float16Table();
  const out = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = table[values[i]!]!;
  return out;
}

/** Widens bfloat16 to float32; every value is exact. */
export function bfloat16ToFloat32(values: Uint16Array): Float32Array {
  const bits = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) bits[i] = values[i]! << 16;
  return new Float32Array(bits.buffer);
}

function float16Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and above round to infinity
  if (magnitude < 0x38800000) return sign | float16Subnormal(magnitude);
  const rebased = magnitude - 0x38000000; // exponent bias 127 → 15
  return sign | ((rebased + 0x0fff + ((rebased >>> 13) & 1)) >>> 13);
}

/** Below 2^-14 a float16 counts in steps of 2^-24. In [0.5, 1) a float32 does too, so its adder rounds. */
function float16Subnormal(magnitude: number): number {
  u32[0] = magnitude;
  f32[0] = f32[0]! + 0.5;
  return u32[0]! - 0x3f000000;
}

let widened: Float32Array | undefined;

/** All 65,536 float16 values. */
function float16Table(): Float32Array {
  widened ??= Float32Array.from({ length: 0x10000 }, (_, half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >>> 10) & 0x1f;
    const mantissa = half & 0x3ff;
    if (exponent === 0x1f) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    if (exponent === 0) return sign * mantissa * 2 ** -24;
    return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
  });
  return widened;
}
