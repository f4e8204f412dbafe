/* Floats and binary16 numbers as bits. Internal. */
#ifndef DYNQ_FLOAT_H_
#define DYNQ_FLOAT_H_

#include <stdint.h>
#include <string.h>

#include "dynq_layers.h"

#define DYNQ_NAN_BITS 0x7fc00000u
#define DYNQ_MAX_MAGNITUDE_BITS 0x5f800000u /* 2^64: a frame that reaches it is invalid */
#define DYNQ_MIN_MAGNITUDE_BITS 0x1f800000u /* 2^-64: a frame that stays below is a zero frame */

static inline uint32_t dynq_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float dynq_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* Order of floats as an order of integers, and back: the function is its own inverse. NaNs land beyond the infinities.
 */
static inline int32_t dynq_key(uint32_t bits) {
  return (int32_t)(bits ^ ((uint32_t)((int32_t)bits >> 31) >> 1));
}

/* The bits of the largest magnitude within a range; NaNs are the largest. */
static inline uint32_t dynq_magnitude(const dynq_range_t *range) {
  const uint32_t low = dynq_bits(range->low) & 0x7fffffffu, high = dynq_bits(range->high) & 0x7fffffffu;
  return low > high ? low : high;
}

/* y < 0 ? 0 : y on the bits. y is never -0 here, and a NaN has no sign. */
static inline uint32_t dynq_relu(uint32_t bits) {
  return bits & ~(uint32_t)((int32_t)bits >> 31);
}

/* A binary16 number, normal or +0, as the bits of a binary32. */
static inline uint32_t dynq_half_bits(uint32_t half) {
  const uint32_t magnitude = half & 0x7fffu;
  return (half & 0x8000u) << 16 | (magnitude == 0 ? 0 : (magnitude << 13) + 0x38000000u);
}

/* Fills an invalid layer's output. */
void dynq_invalid(dynq_signal_t *output, uint32_t count);

#endif
