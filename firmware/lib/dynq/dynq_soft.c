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

/* The upper 32 of the 48 bits of a * b, the last one for all below. */
static inline uint32_t product_of(uint32_t a, uint32_t b) {
  const uint32_t a1 = a >> 12, a0 = a & 0xfffu, b1 = b >> 12, b0 = b & 0xfffu;
  const uint32_t low = a0 * b0, sum = a1 * b0 + a0 * b1 + (low >> 12); /* of 2^12 */
  return ((a1 * b1 << 8) + (sum >> 4)) | ((sum << 28 | low << 20) != 0);
}
#else
static inline uint32_t leading_zeros(uint32_t value) {
  return (uint32_t)__builtin_clz(value);
}

static inline uint32_t product_of(uint32_t a, uint32_t b) {
  const uint64_t product = (uint64_t)(a << 8) * (b << 8);
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

/* Bit 0 stands for all that are lost. */
static inline uint32_t shifted_down(uint32_t value, uint32_t by) {
  if (by >= 32u) {
    return 0; /* less than a quarter of a unit in the last place */
  }
  const uint32_t shifted = value >> by;
  return shifted | (shifted << by != value);
}

uint32_t dynq_soft_multiply(uint32_t a, uint32_t b) {
  const uint32_t of_a = a >> 23 & 255u, significant = 0x7fffffu, top = 0x800000u;
  uint32_t value = product_of((a & significant) | top, (b & significant) | top);
  int32_t exponent = (int32_t)(of_a + (b >> 23 & 255u)) - 126;
  if ((int32_t)value >= 0) {
    value <<= 1;
    exponent--;
  }
  return of_a == 0 || exponent <= 0 ? 0 : rounded(value, (uint32_t)exponent);
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
  y = shifted_down(y, distance);
  x = (int32_t)(a ^ b) < 0 ? x - y : x + y;
  if (x == 0) {
    return 0;
  }
  const uint32_t zeros = leading_zeros(x);
  return (a & 0x80000000u) | rounded(x << zeros, exponent + 1u - zeros);
}

#if !defined(__ARM_ARCH_ISA_THUMB)
/* 24 significant bits of a number that has more, ties to even, shifted down to at most 2^24. */
static __attribute__((noinline)) uint32_t shortened(uint32_t value, uint32_t *exponent) {
  const uint32_t by = 8u - leading_zeros(value), rest = value << (32u - by);
  value >>= by;
  *exponent += by;
  return value + (rest > 0x80000000u || (rest == 0x80000000u && (value & 1u)));
}

/* One output. Product and bias are aligned with the top bit of the larger one at 30, the sum is exact but for a bit
 * that stands for all lower ones, and is rounded once. */
static inline uint32_t output_of(const dynq_unit_t *unit, uint32_t word, int32_t total, uint32_t relu) {
  const uint32_t half = word >> 16;
  uint32_t sign = (uint32_t)total & 0x80000000u;
  if (total == 0) {
    return relu && (half & 0x8000u) ? 0 : dynq_half_bits(half);
  }
  if (relu && sign && (half == 0 || half >= 0x8000u)) {
    return 0;
  }
  uint32_t magnitude = sign ? -(uint32_t)total : (uint32_t)total;
  uint32_t exponent = unit->exponent + (word >> 10 & 31u) + 14u;
  if (magnitude > 0x1000000u) {
    magnitude = shortened(magnitude, &exponent);
  }
  const uint64_t product = ((uint64_t)magnitude << 14) * (unit->significand * ((word & 0x3ffu) | 0x400u));
  const uint32_t upper = (uint32_t)(product >> 32), lower = (uint32_t)product; /* upper is at least 4 */
  const uint32_t zeros = leading_zeros(upper);
  uint32_t x = upper << (zeros - 1u) | lower >> (33u - zeros);
  x |= lower << (zeros - 1u) != 0;
  x = (x + 0x3fu + (x >> 7 & 1u)) & ~0x7fu; /* the product, ties to even; up to 2^31 */
  exponent -= zeros;
  if (half != 0) {
    uint32_t y = ((half & 0x3ffu) | 0x400u) << 20;
    const uint32_t bias_exponent = (half >> 10 & 31u) + 112u;
    const int32_t distance = (int32_t)(exponent - bias_exponent);
    if (distance >= 0) {
      y = shifted_down(y, (uint32_t)distance);
    } else {
      x = shifted_down(x, (uint32_t)-distance);
      exponent = bias_exponent;
    }
    if ((sign >> 31) == half >> 15) {
      x += y;
    } else {
      x -= y;
      if ((int32_t)x < 0) {
        x = -x;
        sign ^= 0x80000000u;
      }
    }
    if (x == 0) {
      return 0;
    }
  }
  if (relu && sign) {
    return 0;
  }
  const uint32_t above = leading_zeros(x);
  return sign | rounded(x << above, exponent + 1u - above);
}

__attribute__((noinline)) void dynq_soft_outputs(const dynq_unit_t *unit, const uint32_t *words, const int32_t *totals,
                                                 uint32_t count, uint32_t relu, uint32_t *y) {
  for (uint32_t j = 0; j < count; j++) {
    y[j] = output_of(unit, words[j], totals[j], relu);
  }
}
#endif
#endif
