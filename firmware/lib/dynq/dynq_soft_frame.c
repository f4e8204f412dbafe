/* The frame of a dense layer on cores without an FPU: what dynq_frame.c does, in integers. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_SCALAR)
#include "dynq_frame.h"
#include "dynq_soft.h"

#define ONE_253TH 0x3b81848eu  /* f32(1 / 253) */
#define ONE_1023RD 0x3a802008u /* f32(1 / 1023) */
#define SIGN 0x80000000u
#define LOW_SIGNIFICAND 0x1fffu /* beyond 11 bits */

/* 1 / step, whose significand m has 11 bits: 2^34 / m has 24 and is no tie, unless m is a power of two. */
static inline uint32_t inverse_of(uint32_t step) {
  const uint32_t m = (step >> 13 & 0x3ffu) | 0x400u, exponent = 254u - (step >> 23);
  if (m == 0x400u) {
    return exponent << 23;
  }
  const uint32_t upper = SIGN / m, rest = (SIGN - upper * m) << 3, lower = rest / m;
  const uint32_t quotient = (upper << 3) + lower + (2u * (rest - lower * m) > m);
  return ((exponent - 1u) << 23) + (quotient & 0x7fffffu);
}

static inline uint32_t with_sign(uint32_t magnitude, uint32_t of) {
  return magnitude | (of & SIGN);
}

/* rint(x / 2), |x| < 2^12 */
static inline int32_t half_of(uint32_t x) {
  const int32_t magnitude = (int32_t)dynq_soft_rint(x, 1);
  return (int32_t)x < 0 ? -magnitude : magnitude;
}

int dynq_frame_from_range(const dynq_range_t *range, dynq_frame_t *frame) {
  const uint32_t magnitude = dynq_magnitude(range), low = dynq_bits(range->low), high = dynq_bits(range->high);
  if (magnitude >= DYNQ_MAX_MAGNITUDE_BITS) {
    return 0;
  }
  if (magnitude < DYNQ_MIN_MAGNITUDE_BITS) {
    *frame = (dynq_frame_t){0};
    return 1;
  }
  const uint32_t width = dynq_soft_add(high, low ^ SIGN);
  uint32_t least = dynq_soft_multiply(width, ONE_253TH);
  if (width < magnitude) { /* otherwise the first term is the larger one */
    const uint32_t by_magnitude = dynq_soft_multiply(magnitude, ONE_1023RD);
    least = least > by_magnitude ? least : by_magnitude;
  }
  const uint32_t step = (least + LOW_SIGNIFICAND) & ~LOW_SIGNIFICAND, inverse = inverse_of(step);
  const uint32_t ends[2] = {with_sign(dynq_soft_multiply(low, inverse), low),
                            with_sign(dynq_soft_multiply(high, inverse), high)};
  frame->step = dynq_float(step);
  frame->inverse = dynq_float(inverse);
  frame->zero = half_of(dynq_soft_add(ends[0], ends[1]));
  return 1;
}
#endif
