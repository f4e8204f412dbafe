#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_SCALAR)
#include "dynq_soft.h"

#if defined(__ARM_ARCH_6M__)
/* Leading zeros of a number that is not 0, without the instruction. */
static inline uint32_t leading_zeros(uint32_t value) {
  static const uint8_t of_byte[16] = {4, 3, 2, 2, 1, 1, 1, 1};
  uint32_t zeros = 0;
  if (value < 0x10000u) {
    value <<= 16;
    zeros += 16;
  }
  if (value < 0x1000000u) {
    value <<= 8;
    zeros += 8;
  }
  if (value < 0x10000000u) {
    value <<= 4;
    zeros += 4;
  }
  return zeros + of_byte[value >> 28];
}

/* The upper 32 bits of a * b, with bit 0 set if one of the lower bits is; a has 24 bits at the top, b 22. */
static inline uint32_t multiply_high(uint32_t a, uint32_t b) {
  const uint32_t a1 = a >> 20, a0 = a >> 8 & 0xfffu, b1 = b >> 21, b0 = b >> 10 & 0x7ffu;
  const uint32_t low = a0 * b0, middle = (a1 * b0 << 1) + a0 * b1; /* units: 1, 2^11 of 2^-46 */
  const uint32_t sum = middle + (low >> 11);                       /* a * b = a1 b1 2^23 + sum 2^11 + rest of low */
  const uint32_t high = (a1 * b1 << 9) + (sum >> 3);
  return high | ((sum & 7u) != 0 || (low & 0x7ffu) != 0);
}
#else
static inline uint32_t leading_zeros(uint32_t value) {
  return (uint32_t)__builtin_clz(value);
}

static inline uint32_t multiply_high(uint32_t a, uint32_t b) {
  const uint64_t product = (uint64_t)a * b;
  return (uint32_t)(product >> 32) | ((uint32_t)product != 0);
}
#endif

/* 32 bits, the top one set, to 24, ties to even, as the bits of a binary32 of that exponent. A carry goes on into the
 * exponent. */
static inline uint32_t rounded(uint32_t value, uint32_t exponent) {
  uint32_t bits = (value >> 8) + ((exponent - 1u) << 23);
  const uint32_t rest = value << 24;
  if (rest >= 0x80000000u) {
    bits += rest > 0x80000000u ? 1u : bits & 1u;
  }
  return bits;
}

uint32_t dynq_soft_add(uint32_t a, uint32_t b) {
  if ((a << 1) < (b << 1)) { /* the larger magnitude first */
    const uint32_t t = a;
    a = b;
    b = t;
  }
  const uint32_t exponent = a >> 23 & 255u, distance = exponent - (b >> 23 & 255u);
  if ((b << 1) == 0 || exponent == 255u) {
    return a;
  }
  uint32_t x = (a & 0x7fffffu) << 7 | 0x40000000u, y = (b & 0x7fffffu) << 7 | 0x40000000u;
  if (distance >= 32u) {
    return a; /* less than a quarter of a unit in the last place */
  }
  const uint32_t shifted = y >> distance;
  y = shifted | (shifted << distance != y);
  x = (int32_t)(a ^ b) < 0 ? x - y : x + y;
  if (x == 0) {
    return 0;
  }
  const uint32_t zeros = leading_zeros(x);
  return (a & 0x80000000u) | rounded(x << zeros, exponent + 1u - zeros);
}

__attribute__((noinline)) uint32_t dynq_soft_affine(const dynq_unit_t *unit, uint32_t word, int32_t total) {
  const uint32_t bias = dynq_half_bits(word >> 16);
  if (total == 0) {
    return bias;
  }
  uint32_t magnitude = total < 0 ? -(uint32_t)total : (uint32_t)total;
  uint32_t zeros = leading_zeros(magnitude);
  if (zeros < 8u) { /* 24 bits of it count */
    const uint32_t value = magnitude << zeros, rest = value << 24;
    magnitude = value >> 8;
    magnitude += rest > 0x80000000u || (rest == 0x80000000u && (magnitude & 1u));
    magnitude <<= 8;
    zeros += magnitude == 0 ? (uint32_t)-1 : 0u;
    magnitude = magnitude == 0 ? 0x80000000u : magnitude;
  } else {
    magnitude <<= zeros;
  }
  const uint32_t step = word & 0xffffu;
  const uint32_t scale = unit->significand * ((step & 0x3ffu) | 0x400u); /* 2^20 .. 2^22 */
  uint32_t high = multiply_high(magnitude, scale << 10);
  const uint32_t more = leading_zeros(high);
  high <<= more;
  const uint32_t product =
      ((uint32_t)total & 0x80000000u) | rounded(high, unit->exponent + (step >> 10) + 18u - zeros - more);
  return dynq_soft_add(product, bias);
}
#endif
