/*
 * Vectors of as many floats as a register of the target holds, in the compiler's own vector notation: one source for
 * AVX-512, AVX2 and NEON.
 */
#ifndef ATTUNE_SIMD_H
#define ATTUNE_SIMD_H

#include <math.h>
#include <stdint.h>

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX2__)
#define LANES 8
#else
#define LANES 4
#endif

/* Loads and stores need no alignment. */
typedef float vf __attribute__((vector_size(LANES * 4)));
typedef float vf_memory __attribute__((vector_size(LANES * 4), aligned(4)));
typedef int32_t vi __attribute__((vector_size(LANES * 4)));

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE vf load(const float *p) { return *(const vf_memory *)p; }
ALWAYS_INLINE void store(float *p, vf x) { *(vf_memory *)p = x; }
ALWAYS_INLINE vf splat(float x) { return x - (vf){}; }
ALWAYS_INLINE vf fma_(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
ALWAYS_INLINE vf max_(vf a, vf b) { return __builtin_elementwise_max(a, b); }

ALWAYS_INLINE float sum_lanes(vf x) {
  float total = 0;
  for (int i = 0; i < LANES; i++) total += x[i];
  return total;
}

/* x where the mask is set, else y. */
ALWAYS_INLINE vf select_(vi mask, vf x, vf y) {
  vi a, b;
  vf result;
  __builtin_memcpy(&a, &x, sizeof a);
  __builtin_memcpy(&b, &y, sizeof b);
  a = (a & mask) | (b & ~mask);
  __builtin_memcpy(&result, &a, sizeof result);
  return result;
}

/*
 * eˣ to 2 units in the last place: x = n ln 2 + r with |r| <= ln 2 / 2, eʳ by its Taylor series to the seventh power,
 * 2ⁿ through the exponent bits. Below -87 it is 0, above 88 it stays e⁸⁸. NaN stays NaN.
 */
ALWAYS_INLINE vf exp_(vf x) {
  const vi low = x < -87.0f;
  const vf clamped = select_(x > 88.0f, splat(88.0f), select_(low, splat(-87.0f), x));
  const vf n = __builtin_elementwise_roundeven(clamped * 1.44269504f);
  /* ln 2 in two parts, so that n times the first is exact. */
  const vf r = fma_(n, splat(2.12194440e-4f), fma_(n, splat(-0.693359375f), clamped));
  vf p = splat(1.0f / 5040);
  p = fma_(p, r, splat(1.0f / 720));
  p = fma_(p, r, splat(1.0f / 120));
  p = fma_(p, r, splat(1.0f / 24));
  p = fma_(p, r, splat(1.0f / 6));
  p = fma_(p, r, splat(0.5f));
  p = fma_(p, r, splat(1.0f));
  p = fma_(p, r, splat(1.0f));
  const vi bits = (__builtin_convertvector(n, vi) + 127) << 23;
  vf scale;
  __builtin_memcpy(&scale, &bits, sizeof scale);
  return select_(low, splat(0), p * scale);
}

ALWAYS_INLINE vf sigmoid_(vf x) { return 1.0f / (1.0f + exp_(-x)); }

#endif
